"""What the apps' sweepers ask the ledger: which jobs there are for their rows."""

from collections.abc import Iterable

from django.db.models import QuerySet

from askpro.queues.models import Job


def tagged(*tags: str) -> QuerySet[Job]:
    """The jobs that bear any of these tags."""
    # The index on tags leaves out the jobs without any, and is used only by a query that says the same.
    return Job.objects.exclude(tags=[]).filter(tags__overlap=list(tags))


def statuses(actors: Iterable[str], tags: Iterable[str]) -> dict[str, set[str]]:
    """For each tag the statuses of these actors' jobs; a tag that none of them bears is left out."""
    found: dict[str, set[str]] = {}
    for names, status in tagged(*tags).filter(actor_name__in=[*actors]).values_list("tags", "status"):
        for name in names:
            found.setdefault(name, set()).add(status)
    return found
