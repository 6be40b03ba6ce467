"""A chain: its steps in order, where it halted, and who can let it go on."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from askpro.console import display
from askpro.console.permissions import May
from askpro.queues.ledger.settle_sql import CATCH
from askpro.queues.models import Batch, Job

HALTS = (Job.Status.DEAD, Job.Status.CANCELLED)
MOST_STEPS = 500


def steps_of(chain_id: UUID) -> list[Job]:
    """The steps in order, the catch callback last; without what is long."""
    rows = Job.objects.filter(chain_id=chain_id).defer("args", "kwargs", "options").order_by("chain_step", "pk")
    steps = list(rows[:MOST_STEPS])
    return sorted(steps, key=lambda job: job.chain_step == CATCH)


def board(request: HttpRequest, chain_id: UUID) -> dict[str, Any]:
    """The page's context."""
    steps = steps_of(chain_id)
    if not steps:
        raise Http404
    own = [job for job in steps if job.chain_step != CATCH]
    halted = next((job for job in own if job.status in HALTS), None)
    return {
        "title": _("Chain of %(job)s") % {"job": own[0].actor_name} if own else _("Chain"),
        "steps": steps,
        "catch": CATCH,
        "batches": {batch.chain_step: batch for batch in Batch.objects.filter(chain_id=chain_id)},
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
