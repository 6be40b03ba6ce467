"""A chain: its steps as boxes in their order, how long each waited and ran, where it halted, what waits for that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from askpro.console import display
from askpro.console.permissions import May
from askpro.queues.ledger.settle_sql import CATCH
from askpro.queues.models import Attempt, Batch, Job

HALTS = (Job.Status.DEAD, Job.Status.CANCELLED)
MOST_STEPS = 500


@dataclass(frozen=True, slots=True)
class Run:
    """The last run of a step; without an end it still runs."""

    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """One box: the job, how long it waited and ran, and where these times lie between the chain's begin and its end, in
    thousandths. `batch` is the one that this step waits for."""

    job: Job
    run: Run | None
    waited: timedelta | None
    ran: timedelta | None
    bar: tuple[int, int, int] | None
    batch: Batch | None
    is_behind: bool

    @property
    def number(self) -> int | None:
        """None for the job that is sent when a step fails."""
        return None if self.job.chain_step in (None, CATCH) else self.job.chain_step + 1

    @property
    def tone(self) -> str:
        if self.job.status in HALTS:
            return "failed"
        if self.is_behind or self.job.status == Job.Status.WAITING:
            return "behind"
        return "done" if self.job.status == Job.Status.COMPLETED else "current"


def steps_of(chain_id: UUID) -> list[Job]:
    """The steps in order, the catch callback last; without what is long."""
    rows = Job.objects.filter(chain_id=chain_id).defer("args", "kwargs", "options").order_by("chain_step", "pk")
    steps = list(rows[:MOST_STEPS])
    return sorted(steps, key=lambda job: job.chain_step == CATCH)


def board(request: HttpRequest, chain_id: UUID) -> dict[str, Any]:
    """The page's context."""
    jobs = steps_of(chain_id)
    if not jobs:
        raise Http404
    own = [job for job in jobs if job.chain_step != CATCH]
    halted = next((job for job in own if job.status in HALTS), None)
    return {
        "title": _("Chain of %(job)s") % {"job": own[0].actor_name} if own else _("Chain"),
        "steps": _drawn(jobs, chain_id, halted),
        "halted": halted,
        "behind": sum(job.status == Job.Status.WAITING for job in own),
        "state": _state(own, halted),
        "took": _took(own),
        "done": sum(job.status == Job.Status.COMPLETED for job in own),
        "total": len(own),
        "resume": _resume(request, halted),
        "tags": sorted({tag for job in own for tag in job.tags}),
        "chain_id": chain_id,
    }


def address(chain_id: UUID) -> str:
    return reverse("admin:chain", args=[chain_id])


def _drawn(jobs: list[Job], chain_id: UUID, halted: Job | None) -> list[Step]:
    runs, now = _runs(jobs), timezone.now()
    batches = {batch.chain_step: batch for batch in Batch.objects.filter(chain_id=chain_id)}
    began = min(job.created_at for job in jobs)
    ends = [run.finished_at or now for run in runs.values()] + [job.finished_at for job in jobs if job.finished_at]
    whole = max([*ends, began]) - began
    return [_step(job, runs.get(job.pk), (began, whole, now), batches.get(job.chain_step), halted) for job in jobs]


def _step(
    job: Job, run: Run | None, frame: tuple[datetime, timedelta, datetime], batch: Batch | None, halted: Job | None
) -> Step:
    began, whole, now = frame
    is_behind = job.status == Job.Status.WAITING and job.chain_step != CATCH and halted is not None
    if run is None:
        return Step(job, None, None, None, None, batch, is_behind)
    ready, end = job.ready_at or run.started_at, run.finished_at or now
    # A job that was put back is ready again after its last run has begun.
    ready = min(ready, run.started_at)
    places = [_place(at, began, whole) for at in (ready, run.started_at, end)]
    bar = (places[0], places[1] - places[0], max(places[2] - places[1], 4))
    return Step(job, run, run.started_at - ready, end - run.started_at, bar, batch, is_behind)


def _place(at: datetime, began: datetime, whole: timedelta) -> int:
    return round(1000 * (at - began) / whole) if whole else 0


def _runs(jobs: list[Job]) -> Mapping[UUID, Run]:
    """The last run of each."""
    rows = Attempt.objects.filter(job_id__in=[job.pk for job in jobs], started_at__isnull=False)
    told = rows.order_by("claim_no").values_list("job_id", "started_at", "finished_at")
    return {job_id: Run(started_at, finished_at) for job_id, started_at, finished_at in told if started_at}


def _state(steps: list[Job], halted: Job | None) -> Any:
    if halted is not None:
        tone = "dead" if halted.status == Job.Status.DEAD else "cancelled"
        return display.pill(tone, _("A step ended it"), _("halted"))
    if all(job.status == Job.Status.COMPLETED for job in steps):
        return display.pill("completed", _("All steps have completed"))
    return display.pill("processing", _("Its steps run one after the other"), _("in progress"))


def _took(steps: list[Job]) -> timedelta | None:
    ended = [job.finished_at for job in steps if job.finished_at]
    return max(ended) - min(job.created_at for job in steps) if len(ended) == len(steps) and ended else None


def _resume(request: HttpRequest, halted: Job | None) -> str:
    if halted is None or halted.status != Job.Status.DEAD or not request.user.has_perm(May.RETRY):
        return ""
    return reverse("admin:queues_job_retry", args=[halted.pk])
