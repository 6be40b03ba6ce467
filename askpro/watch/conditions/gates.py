"""Gates: vendors that count as away."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from askpro.queues.models import GateState, Job
from askpro.watch.conditions.base import Finding, Severity, Source
from askpro.watch.conditions.registry import condition, threshold


@condition(
    code="gate_shut",
    title=_("A vendor counts as away"),
    severity=Severity.CRITICAL,
    needs=[Source.POSTGRES],
    every=15,
    lasts=0,
    clears=60,
    thresholds={"seconds": 120},
    cause=_(
        "Requests to {about} failed one after the other, the last with: {reason}. {waiting} jobs wait for it and"
        " spend no try; one request looks each minute whether it is back."
    ),
    todo=_(
        "Look at the vendor's status page. When it is back the jobs run by themselves; callers are told honestly"
        " meanwhile. A gate that is shut for one key only: look at the key."
    ),
    link="/board/queues/",
)
def gate_shut(now: datetime) -> Iterator[Finding]:
    """A gate has been shut for longer than `seconds`."""
    long = timedelta(seconds=threshold("gate_shut.seconds"))
    for gate in GateState.objects.filter(shut_since__lt=now - long).order_by("name"):
        assert gate.shut_since is not None
        waiting = Job.objects.filter(gate=gate.name, status=Job.Status.RELEASED).count()
        yield Finding(gate.name, 1, 1, gate.shut_since, {"reason": gate.reason, "waiting": waiting})
