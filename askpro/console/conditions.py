"""What the watch looks for in what people do in the console: repairs that stopped, and that nobody has come back to."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from askpro.console.repair.kinds import Asked, kind_of, verb_of
from askpro.console.repair.models import Repair, RepairItem
from askpro.watch.conditions.base import Finding, Severity, Source
from askpro.watch.conditions.registry import condition, threshold

# The newest; more stop only when the same is tried again and again.
MOST = 20


@condition(
    code="repair_halted",
    title=_("A repair stopped"),
    severity=Severity.WARNING,
    needs=[Source.POSTGRES],
    every=30,
    lasts=0,
    clears=0,
    thresholds={"days": 7},
    cause=_(
        "The row that repair {about} tried first failed again: {why}. The other {left} rows are as they were, so what"
        " they were for has not happened."
    ),
    todo=_(
        "Look at the one that was tried. Once the cause is mended, ask for the repair again; or leave the rows as they"
        " are, on the page of the repair."
    ),
    link="/console/repair/{about}/change/",
)
def repair_halted(now: datetime) -> Iterator[Finding]:
    """A repair stopped within `days`, and nobody has acted since: neither on the row that was tried, nor by asking for
    the repair again, nor by leaving it."""
    since = now - timedelta(days=threshold("repair_halted.days"))
    halted = Repair.objects.filter(status=Repair.Status.HALTED, ended_at__gt=since).order_by("-pk")
    for repair in halted[:MOST]:
        if not _was_asked_again(repair) and _could_be_done_again(repair):
            left = repair.total - repair.handled
            yield Finding(str(repair.pk), 1, 1, repair.ended_at, {"why": repair.finding, "left": left})


def _was_asked_again(repair: Repair) -> bool:
    later = Repair.objects.filter(pk__gt=repair.pk, kind=repair.kind).values("pk")
    return RepairItem.objects.filter(repair__in=later, key=repair.tried).exists()


def _could_be_done_again(repair: Repair) -> bool:
    """Whether the row that was tried still is in the state in which it failed."""
    kind = kind_of(repair.kind)
    row = verb_of(kind, repair.verb).judged(kind.find(repair.tried), Asked(at=timezone.now())).first()
    return row is not None and not row.verdict
