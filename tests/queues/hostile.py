"""Jobs that take long, hold things, or never listen; and a hook that kills its process."""

import os
import time

from django.db import transaction
from setproctitle import getproctitle

from askpro.queues import MIN, S, actor
from askpro.queues.models import Lock
from tests.queues.actors import effect


@actor(queue_name="default", max_retries=0, time_limit=MIN)
def holds_a_row(seconds: float) -> None:
    """Keeps the lock row `row` locked in a transaction of its own."""
    Lock.objects.get_or_create(key="row", defaults={"job_id": "0" * 32, "claim_no": 0})
    with transaction.atomic():
        Lock.objects.select_for_update().get(key="row")
        time.sleep(seconds)


@actor(queue_name="default", atomic=True)
def atomic_and_slow(seconds: float) -> None:
    effect("atomic and slow")
    time.sleep(seconds)


@actor(queue_name="default", no_overlap="wait:{key}")
def alone_and_waiting(key: str, seconds: float) -> None:
    effect("alone began")
    time.sleep(seconds)


@actor(queue_name="default", time_limit=300)
def short_limit() -> None: ...


@actor(queue_name="default", time_limit=300, max_retries=0)
def too_slow_in_a_thread_beside_others() -> None:
    time.sleep(60)


@actor(queue_name="default", max_retries=1, backoff=(100,), time_limit=60 * S)
def kills_its_process_after(seconds: float) -> None:
    time.sleep(seconds)
    os.kill(os.getpid(), 9)


def die_as_a_worker() -> None:
    """As an AFTER_FORK hook: no worker comes to life."""
    if getproctitle().startswith("askpro worker"):
        os._exit(3)
