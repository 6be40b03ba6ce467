"""A dead job's retry as something to try."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from dramatiq import get_broker

from askpro.console.dry_run.kinds import Kind, register
from askpro.console.permissions import May
from askpro.queues import LedgerActor
from askpro.queues.jobs.following import following
from askpro.queues.jobs.rehearsing import Rehearsed, rehearse
from askpro.queues.models import Job


def _possible(job: Job) -> bool:
    return job.status == Job.Status.DEAD and isinstance(get_broker().actors.get(job.actor_name), LedgerActor)


def _run(job: Job) -> Rehearsed:
    features = {"chain": job.chain_id and str(job.chain_id), "batch": job.batch_id and str(job.batch_id)}
    actor: Any = get_broker().get_actor(job.actor_name)
    return rehearse(
        actor,
        job.args,
        job.kwargs,
        job_id=str(job.pk),
        options=job.options,
        features={name: value for name, value in features.items() if value},
    )


JOB: Final = register(
    Kind(
        name="job",
        model=Job,
        permission=May.RETRY,
        explain=_("The job's function runs once, with its arguments, as a retry would run it."),
        possible=_possible,
        run=_run,
        then=lambda job, outcome: following(job.pk, outcome),
    )
)
