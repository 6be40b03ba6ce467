"""What the apps' sweepers ask the ledger: which jobs there are for their rows."""

from collections.abc import Iterable
from typing import TypeVar, cast

from django.db.models import CharField, Exists, F, Model, OuterRef, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat

from askpro.queues.models import Job

Row = TypeVar("Row", bound=Model)


def tag(kind: str, field: str = "pk") -> Combinable:
    """The tag of a row, `kind:<field>`, built by PostgreSQL."""
    return Concat(Value(f"{kind}:"), Cast(F(field), CharField()))


def without_job(
    rows: QuerySet[Row], row_tag: Combinable, actors: Iterable[str], states: Iterable[str] = Job.LIVE
) -> QuerySet[Row]:
    """The `rows` whose tag is on no job of these actors in these states.

    The query itself decides, so that rows whose job waits (in a paused queue, say) never crowd out a forgotten one.
    """
    return cast(QuerySet[Row], rows.annotate(row_tag=row_tag).filter(~_has_job(actors, states)))


def with_job(
    rows: QuerySet[Row], row_tag: Combinable, actors: Iterable[str], states: Iterable[str] = Job.LIVE
) -> QuerySet[Row]:
    """The `rows` whose tag is on a job of these actors in these states."""
    return cast(QuerySet[Row], rows.annotate(row_tag=row_tag).filter(_has_job(actors, states)))


def tagged(*tags: str | Combinable) -> QuerySet[Job]:
    """The jobs with any of these tags."""
    # The index on tags leaves out jobs without tags, and PostgreSQL uses it only if the query excludes them too.
    return Job.objects.exclude(tags=[]).filter(tags__overlap=list(tags))


def statuses(actors: Iterable[str], tags: Iterable[str]) -> dict[str, set[str]]:
    """For each tag the statuses of these actors' jobs; a tag without such jobs is left out."""
    found: dict[str, set[str]] = {}
    for names, status in tagged(*tags).filter(actor_name__in=[*actors]).values_list("tags", "status"):
        for name in names:
            found.setdefault(name, set()).add(status)
    return found


def _has_job(actors: Iterable[str], states: Iterable[str]) -> Exists:
    return Exists(tagged(OuterRef("row_tag")).filter(actor_name__in=[*actors], status__in=[*states]))
