"""The states of a job, and the sets of them that statements name, as SQL text."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class JobStatus(TextChoices):
    """The states of a job, from its writing to its end."""

    WAITING = "waiting", _("Waits for the step before it")
    SCHEDULED = "scheduled", _("Waits for its time")
    QUEUED = "queued", _("Ready to run")
    PROCESSING = "processing", _("Claimed by a worker")
    RETRYING = "retrying", _("Failed, runs again")
    RELEASED = "released", _("Put back without spending a try")
    COMPLETED = "completed", _("Completed")
    DEAD = "dead", _("Gave up")
    CANCELLED = "cancelled", pgettext_lazy("job", "Cancelled")


class SupervisorStatus(TextChoices):
    """The states of a `queues_run`."""

    RUNNING = "running", _("Running")
    STOPPING = "stopping", _("Finishing its jobs")
    STOPPED = "stopped", _("Stopped")
    DEAD = "dead", _("Fell silent")


class StackRefusal(TextChoices):
    """Why nobody can say where a job is."""

    NOT_STARTED = "not_started", _("The worker has the job, but has not started it: it waits behind another one.")
    OVER = "over", _("The run ended before it was looked at.")
    NO_WORKER = "no_worker", _("Its worker is gone; the job goes to another one.")
    STOPPED = "stopped", _("The worker's process is stopped (SIGSTOP): it cannot even show its stacks.")
    MUTE = "mute", _("The worker showed no stack within a second: it hangs in the kernel, or gets no processor time.")


def _sql(states: Iterable[str]) -> str:
    return "(" + ", ".join(f"'{state}'" for state in states) + ")"


# The `day` of unfinished jobs, and of dead and cancelled ones: it says which table a job's row is in.
LIVE_DAY: Final = date.max
FAILED_DAY: Final = date.min

_S = JobStatus
LATER_STATES: Final = (_S.SCHEDULED, _S.RETRYING, _S.RELEASED)
FINAL_STATES: Final = (_S.COMPLETED, _S.DEAD, _S.CANCELLED)
LIVING_STATES: Final = (SupervisorStatus.RUNNING, SupervisorStatus.STOPPING)
# Becomes ready at a certain time, or when what it waits for is free.
LATER: Final = _sql(LATER_STATES)
# Over. From `dead` or `cancelled`, a retry by hand starts the job again.
FINAL: Final = _sql(FINAL_STATES)
FAILED: Final = _sql((_S.DEAD, _S.CANCELLED))
# Held by no worker. `NOT_STARTED` adds the jobs that wait for another job.
UNCLAIMED: Final = _sql((_S.SCHEDULED, _S.QUEUED, _S.RETRYING, _S.RELEASED))
NOT_STARTED: Final = _sql((_S.WAITING, _S.SCHEDULED, _S.QUEUED, _S.RETRYING, _S.RELEASED))
# Neither over nor waiting for another job.
UNDER_WAY: Final = _sql((_S.QUEUED, _S.PROCESSING, _S.SCHEDULED, _S.RETRYING, _S.RELEASED))
# The states of supervisors that send heartbeats.
LIVING: Final = _sql(LIVING_STATES)
