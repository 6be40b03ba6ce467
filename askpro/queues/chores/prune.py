"""For people: cancels waiting jobs, deletes those that are over. In small steps, each its own transaction."""

import uuid
from collections.abc import Callable

from django.db import connection, transaction
from django.db.models import QuerySet

from askpro.queues.jobs import corrections, interventions
from askpro.queues.ledger.outcome import cancelled
from askpro.queues.metrics import fold
from askpro.queues.metrics.fold_sql import ARRIVED
from askpro.queues.models import AttemptRow, Job
from askpro.queues.states import LATER

AT_ONCE = 1000
# Conditions, each with the order of its index. Later steps of a chain are left out: they are not in the queue yet.
READY_JOBS = "queue_name = %s AND status = 'queued'", "ready_at, id"
LATER_JOBS = f"queue_name = %s AND status IN {LATER}", "run_at"


def clear(queue_name: str, reason: str) -> int:
    """Cancel all jobs that wait in a queue; the rows stay, with the reason. Returns how many."""
    outcome = cancelled(reason)
    return sum(
        _in_steps(lambda: interventions.end(condition, [queue_name], outcome, order))  # noqa: B023 - called at once
        for condition, order in (LATER_JOBS, READY_JOBS)
    )


def forget(dead: QuerySet[Job]) -> int:
    """Delete dead jobs with their attempts, once these are in the figures; returns how many."""
    fold.to_the_end()
    return _in_steps(lambda: _delete(dead.filter(status=Job.Status.DEAD)))


def forget_one(job_id: uuid.UUID, reason: str) -> bool:
    """Delete a dead or cancelled job with its attempts; what waits behind a dead one is cancelled.

    False when it is not over, or ended so lately that its runs may not be in the figures.
    """
    until = fold.folded_until()
    over = Job.objects.filter(pk=job_id, status__in=(Job.Status.DEAD, Job.Status.CANCELLED))
    with transaction.atomic():
        if until is None or not over.filter(finished_at__lte=until).select_for_update().exists():
            return False
        corrections.discard(job_id, reason)
        return _delete(over) == 1


def _delete(jobs: QuerySet[Job]) -> int:
    with transaction.atomic():
        # Locked, so that none is retried while it is being deleted.
        held = jobs.order_by("pk").select_for_update(skip_locked=True)
        ids = list(held.values_list("pk", flat=True)[:AT_ONCE])
        with connection.cursor() as cursor:
            cursor.execute(ARRIVED.format(source="queues_job WHERE id = ANY(%s)"), [ids])
        AttemptRow.objects.filter(job_id__in=ids)._raw_delete("default")
        return Job.objects.filter(pk__in=ids).delete()[0]


def _in_steps(step: Callable[[], int]) -> int:
    total = 0
    while count := step():
        total += count
    return total
