"""`kill -9` in the middle of a repair: every row is done once or not at all, and what was not is done later."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.utils import timezone

from askpro.console.repair.kinds import Asked, kind_of, verb_of
from askpro.console.repair.models import Repair
from askpro.console.repair.running import Deed, go_on
from askpro.console.repair.starting import Order, start
from askpro.queues.models import Job
from tests.console.repair.rows import job, worked_off
from tests.console.repair.test_filters import chosen

ROOT = Path(__file__).resolve().parents[3]
ROWS = 6


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", ["_act", "_record"])
@pytest.mark.parametrize("number", [1, ROWS])
def test_a_killed_worker_does_no_row_twice(
    child_environment: Callable[..., dict[str, str]], place: str, number: int
) -> None:
    ours = [job() for _ in range(ROWS)]
    user = User.objects.create_user("lina")
    verb = verb_of(kind_of("failures"), "retry")
    order = Order(verb, chosen(), Asked("x", user=user), 100, False, timezone.now(), ROWS)
    repair = start(order)
    Repair.objects.update(paced_at=timezone.now() - timedelta(seconds=3))

    killed_in(child_environment(), repair, place, number)

    repair.refresh_from_db()
    assert repair.done == repair.items.filter(status="done").count() == number - 1
    assert Job.objects.filter(status="queued").exclude(actor_name="run_repair").count() == number - 1
    assert worked_off().done == ROWS
    deeds = Counter(LogEntry.objects.values_list("object_id", flat=True))
    assert deeds == {str(each.pk): 1 for each in ours}
    assert set(Job.objects.filter(pk__in=[each.pk for each in ours]).values_list("extra_tries", flat=True)) == {1}


def killed_in(environment: dict[str, str], repair: Repair, place: str, number: int) -> None:
    """Work through it in a process that is killed after the deed of this row is done, and before that is committed."""
    work = f"work_until_killed({repair.pk}, {place!r}, {number})"
    code = f"import django; django.setup(); from tests.console.repair.test_killed import work_until_killed; {work}"
    ended = subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, timeout=60, check=False)
    assert ended.returncode == -signal.SIGKILL


def work_until_killed(repair_id: int, place: str, number: int) -> None:
    """Runs in a process of its own."""
    calls = 0
    real = getattr(Deed, place)

    def deadly(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        answer = real(*args)
        if calls == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(Deed, place, deadly)
    go_on(repair_id)
