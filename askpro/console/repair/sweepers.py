"""A repair whose job is gone goes on, and a failure that has come back is told."""

from datetime import timedelta
from typing import Final

from django.utils import timezone

from askpro.by_name import job
from askpro.console.repair.fixes import reopen_what_came_back
from askpro.console.repair.models import Repair
from askpro.one_by_one import one_by_one
from askpro.sweeping import tag, without_job

# The job of a new one is committed with it.
FORGOTTEN_AFTER: Final = timedelta(minutes=2)
JOB: Final = "run_repair"
AT_ONCE: Final = 100


def sweep() -> None:
    """Send missing jobs, and note which failures have come back although they were said to be fixed."""
    one_by_one((go_on, reopen_what_came_back), lambda part: part())


def go_on() -> None:
    """Send a job for each repair that is under way and has none."""
    active = Repair.objects.filter(status__in=Repair.ACTIVE, asked_at__lt=timezone.now() - FORGOTTEN_AFTER)
    forgotten = without_job(active, tag("repair"), [JOB]).values_list("pk", flat=True)[:AT_ONCE]
    one_by_one(forgotten, lambda pk: job(JOB).send(repair_id=pk))
