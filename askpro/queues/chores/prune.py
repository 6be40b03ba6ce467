"""Cancels waiting jobs; deletes dead jobs and jobs that are long over. In small steps, each its own transaction."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from askpro.queues.jobs import interventions
from askpro.queues.ledger.outcome import cancelled
from askpro.queues.models import (
    ActorSnapshot,
    AttemptRow,
    Batch,
    BatchMember,
    FleetCommand,
    FleetEvent,
    GateState,
    Job,
    MetricsSnapshot,
    Supervisor,
)
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
    """Delete dead jobs with their attempts; returns how many."""
    return _in_steps(lambda: _delete(dead.filter(status=Job.Status.DEAD)))


def prune(days: int, dead_days: int) -> int:
    """Delete jobs that ended more than `days` days ago, dead ones after `dead_days`; returns how many."""
    over = (Job.Status.COMPLETED, Job.Status.CANCELLED)
    old = Job.objects.filter(pk__lt=_id_of(days), status__in=over, finished_at__lt=_ago(days))
    dead = Job.objects.filter(status=Job.Status.DEAD, finished_at__lt=_ago(dead_days))
    return _in_steps(lambda: _delete(old)) + _in_steps(lambda: _delete(dead))


def prune_batches(days: int) -> int:
    """Delete batches that ended more than `days` days ago; returns how many. Until then their failed jobs can be
    retried."""
    over = Batch.objects.exclude(status=Batch.Status.OPEN).filter(pk__lt=_id_of(days), finished_at__lt=_ago(days))
    return _in_steps(lambda: _delete_batches(over))


def prune_fleet(days: int) -> int:
    """Delete ended supervisors, commands, events and snapshots older than `days` days, and gates unused since then."""
    before = _ago(days)
    supervisors = Supervisor.objects.exclude(status__in=Supervisor.LIVING).filter(beat_at__lt=before)
    rows = (
        FleetCommand.objects.filter(at__lt=before, taken_at__isnull=False),
        FleetEvent.objects.filter(at__lt=before),
        MetricsSnapshot.objects.filter(at__lt=before),
        ActorSnapshot.objects.filter(at__lt=before),
        GateState.objects.filter(full_at__lt=before, shut_since=None),
        supervisors,
    )
    return sum(query.delete()[0] for query in rows)


def _delete(jobs: QuerySet[Job]) -> int:
    with transaction.atomic():
        ids = _hold(jobs)
        AttemptRow.objects.filter(job_id__in=ids)._raw_delete("default")
        return Job.objects.filter(pk__in=ids).delete()[0]


def _delete_batches(batches: QuerySet[Batch]) -> int:
    with transaction.atomic():
        ids = _hold(batches)
        BatchMember.objects.filter(batch_id__in=ids).delete()
        return Batch.objects.filter(pk__in=ids).delete()[0]


def _hold(rows: QuerySet[Any]) -> list[uuid.UUID]:
    """Lock some of the rows, so that none is retried while it is being deleted."""
    held = rows.order_by("pk").select_for_update(skip_locked=True)
    return list(held.values_list("pk", flat=True)[:AT_ONCE])


def _id_of(days: int) -> uuid.UUID:
    # Ids sort by time of creation: the primary key finds the old ones without reading the new ones.
    return uuid.UUID(int=int(_ago(days).timestamp() * 1000) << 80)


def _ago(days: int) -> Any:
    return timezone.now() - timedelta(days=days)


def _in_steps(step: Callable[[], int]) -> int:
    total = 0
    while count := step():
        total += count
    return total
