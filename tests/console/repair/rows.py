"""Rows that can be repaired."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from askpro.console.repair.models import Repair
from askpro.console.repair.running import go_on
from askpro.queues.models import AttemptRow, Job

ACTOR = "count_request"


def job(status: str = "dead", *, ago: timedelta = timedelta(minutes=5), cause: str = "abc", **values: Any) -> Job:
    """A job that was sent, and ended if it is over, some time ago."""
    at = timezone.now() - ago
    words: dict[str, Any] = {"actor_name": ACTOR, "queue_name": "low", "error_class": "calls.Broken", **values}
    ended = {"finished_at": at} if status in Job.FINAL else {}
    made = Job.objects.create(status=status, created_at=at, **ended, **words)
    if cause and status == "dead":
        AttemptRow.objects.create(job=made, claim_no=1, outcome="failed", fingerprint=cause, finished_at=at)
    return made


def gone_on(seconds: float = 3.0) -> Repair:
    """The newest repair, after what was due since so many seconds; none of the jobs that it sends has run."""
    Repair.objects.update(paced_at=timezone.now() - timedelta(seconds=seconds))
    go_on(Repair.objects.latest("pk").pk)
    return Repair.objects.latest("pk")


def worked_off() -> Repair:
    """The newest repair, at its end; none of the jobs that it sends has run."""
    for _ in range(20):
        if not (repair := gone_on()).is_active:
            return repair
    raise AssertionError("The repair does not end.")
