"""Where a running job is: asked by a row, which the supervisor of its worker takes and answers within two seconds.

Whoever asks needs PostgreSQL only; the job may run on any host, and may hang in C code.
"""

import time
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from askpro.queues.fleet.state import SILENT_AFTER
from askpro.queues.models import Job, StackRequest, Supervisor, Worker
from askpro.queues.states import JobStatus

# Seconds within which an answer, or the reason why there is none, is there.
LONGEST_WAIT = 3.0
LOOK_EVERY = 0.1


class NotAsked(Exception):
    """Nobody could answer; the text says why."""


def ask(job_id: UUID | str, by: str) -> StackRequest:
    """Ask where this job is. Raises `NotAsked` when it does not run, or when its host is silent."""
    job, worker, supervisor = running(job_id)
    return StackRequest.objects.create(
        job_id=job.pk, claim_no=job.claim_no, worker_id=worker.pk, supervisor_id=supervisor.pk, by=by[:150]
    )


def running(job_id: UUID | str) -> tuple[Job, Worker, Supervisor]:
    """The job, its worker and its supervisor, as they are now. Raises `NotAsked` as `ask` does."""
    job = Job.objects.filter(pk=job_id).only("actor_name", "status", "worker_id", "claim_no").first()
    if job is None:
        raise NotAsked("There is no such job.")
    if job.status != JobStatus.PROCESSING or job.worker_id is None:
        raise NotAsked(f"It does not run: it is {job.get_status_display().lower()}.")
    worker = Worker.objects.select_related("supervisor").filter(pk=job.worker_id).first()
    supervisor = worker.supervisor if worker else None
    if worker is None or supervisor is None or supervisor.status not in Supervisor.LIVING:
        raise NotAsked("Its worker is gone; the job goes to another one.")
    silent = timezone.now() - supervisor.beat_at
    if silent > timedelta(seconds=SILENT_AFTER):
        raise NotAsked(f"Its host, {supervisor.host}, has been silent for {silent.total_seconds():.0f} s.")
    return job, worker, supervisor


def wait(request: StackRequest, seconds: float = LONGEST_WAIT) -> StackRequest:
    """The request with its answer, or as it is after so many seconds."""
    until = time.monotonic() + seconds
    while not is_over(request) and time.monotonic() < until:
        time.sleep(LOOK_EVERY)
        request.refresh_from_db()
    return request


def is_over(request: StackRequest) -> bool:
    return request.status in (StackRequest.Status.ANSWERED, StackRequest.Status.REFUSED)


def why_not(request: StackRequest) -> str:
    """Why there is no answer; empty when there is one."""
    if request.status == StackRequest.Status.ANSWERED:
        return ""
    if request.status == StackRequest.Status.REFUSED:
        return str(request.get_refusal_display())
    host = Supervisor.objects.filter(pk=request.supervisor_id).values_list("host", flat=True).first() or "its host"
    if request.status == StackRequest.Status.ASKED:
        return f"The supervisor on {host} has not taken the request: its chores process is busy, or hangs."
    return f"The forker on {host} has not answered: it has no processor, or is stopped."
