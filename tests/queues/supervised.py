"""Helpers for tests of a supervisor's life."""

import io
from collections.abc import Callable
from typing import Any

from django.core.management import call_command
from django.db import connection

from askpro.queues.models import FleetEvent, Job
from tests.queues.queues_run import QueuesRun

ALL = ["critical", "high", "default", "webhooks", "notifications", "low"]
Supervise = Callable[..., QueuesRun]


def command(name: str, *arguments: str, **options: Any) -> None:
    call_command(name, *arguments, stdout=io.StringIO(), **options)


def count(**conditions: object) -> int:
    return Job.objects.filter(**conditions).count()


def all_over() -> bool:
    return not Job.objects.filter(status__in=Job.LIVE).exists()


def happened(kind: str) -> Callable[[], bool]:
    return lambda: FleetEvent.objects.filter(kind=kind).exists()


def longest_wait(queue: str) -> float:
    """Seconds from ready to start of the job of this queue that waited longest."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(extract(epoch FROM run.started_at - ready_at)) FROM queues_attempt_told AS run"
            " JOIN queues_job ON job_id = id WHERE queue_name = %s",
            [queue],
        )
        return float(cursor.fetchone()[0])
