"""Many jobs at once come by COPY; their rows are those that INSERT would have written."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from askpro.queues import send_many
from askpro.queues.ids import uuid7
from askpro.queues.ledger import copying, enqueue
from askpro.queues.ledger.enqueue import MANY, NewJob
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs
from tests.queues import actors

pytestmark = [pytest.mark.django_db, pytest.mark.no_processes]

# What means something to COPY, to an array, to JSON or to Python, among other text.
HOSTILE = ["\\", "\\.", "\\N", "\t", "\n", "\r", "\v", '"', "'", "{", "}", ",", "NULL", "%s", "ß", "😀", " "]
OTHER = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=3)
TEXT = st.lists(st.sampled_from(HOSTILE) | OTHER, max_size=4).map("".join)
JSON_LIST = st.lists(TEXT | st.none() | st.integers(), max_size=2).map(json.dumps)
JSON_OBJECT = st.dictionaries(TEXT, TEXT | st.floats(allow_nan=False, allow_infinity=False), max_size=2).map(json.dumps)
MILLISECONDS = st.none() | st.integers(0, 10**9)
JOBS = st.builds(
    NewJob,
    id=st.builds(uuid7),
    actor_name=TEXT,
    queue_name=TEXT,
    args=JSON_LIST,
    kwargs=JSON_OBJECT,
    options=JSON_OBJECT,
    tags=st.lists(TEXT, max_size=3),
    delay=MILLISECONDS,
    deadline=MILLISECONDS,
    lock_key=st.none() | TEXT,
    in_order=st.booleans(),
    share_limit=st.none() | st.integers(1, 9),
    fair_key=st.none() | TEXT,
    expires_at=st.none() | st.integers(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    silenced=st.booleans(),
    chain_id=st.none() | st.builds(uuid7),
    chain_step=st.none() | st.integers(-1, 9),
    is_waiting=st.booleans(),
)
MOMENTS = ("created_at", "ready_at", "run_at", "deadline_at")
ROWS = f"""
SELECT to_jsonb(job) - ARRAY['id', {", ".join(f"'{name}'" for name in MOMENTS)}],
       ARRAY[{", ".join(f"extract(epoch FROM {name} - clock_timestamp())::float8" for name in MOMENTS)}]
  FROM queues_job_live AS job WHERE id = ANY(%s::uuid[]) ORDER BY id
"""


def rows_of(jobs: list[NewJob]) -> list[tuple[Any, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(ROWS, [[str(job.id) for job in jobs]])
        return [(json.loads(told), moments) for told, moments in cursor.fetchall()]


@given(jobs=st.lists(JOBS, min_size=1, max_size=3))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_job_holds_its_row_is_the_one_that_insert_writes(db: None, jobs: list[NewJob]) -> None:
    twins = [replace(job, id=uuid7()) for job in jobs]
    enqueue._insert_some(jobs)
    enqueue._copy_some(twins, enqueue._Moments(enqueue._clock()))
    for (inserted, its_moments), (copied, other_moments) in zip(rows_of(jobs), rows_of(twins), strict=True):
        assert copied == inserted
        for one, other in zip(its_moments, other_moments, strict=True):
            assert (one is None) == (other is None)
            assert one is None or abs(one - other) < 10


def test_all_are_ready_from_one_moment_on() -> None:
    send_many([actors.nothing.message(number) for number in range(MANY)])
    ((created_at, ready_at),) = set(Job.objects.values_list("created_at", "ready_at"))
    assert created_at == ready_at


@pytest.mark.parametrize(("count", "is_copied"), [(MANY - 1, False), (MANY, True), (enqueue.AT_ONCE + 1, True)])
def test_from_some_number_on_they_are_copied(monkeypatch: Any, count: int, is_copied: bool) -> None:
    copies: list[int] = []
    copy = copying.copy
    monkeypatch.setattr(copying, "copy", lambda *given: (copies.append(len(given[-1])), copy(*given)))
    send_many([actors.nothing.message(number) for number in range(count)])
    assert Job.objects.count() == count
    assert (sum(copies) == count) is is_copied
    assert all(each <= enqueue.AT_ONCE for each in copies)


def test_they_run() -> None:
    send_many([actors.tagged.message(call_id=number) for number in range(MANY)])
    assert run_jobs() == [("tagged", "completed")] * MANY


def test_copies_with_a_key_that_waits_are_left_out() -> None:
    standing = actors.unique.send(5)
    send_many([actors.unique.message(number % 40) for number in range(2 * MANY)])
    assert sorted(Job.objects.values_list("args", flat=True)) == [[number] for number in range(40)]
    assert Job.objects.filter(pk=standing.message_id).exists()


@pytest.mark.django_db(transaction=True)
def test_they_exist_if_and_only_if_their_transaction_commits() -> None:
    messages = [actors.nothing.message(number) for number in range(MANY)]
    with pytest.raises(RuntimeError), transaction.atomic():
        send_many(messages)
        raise RuntimeError
    assert not Job.objects.exists()
    send_many(messages)
    # The same ids once more: none of the others is written either.
    with pytest.raises(IntegrityError):
        send_many([*(actors.nothing.message(number) for number in range(MANY)), messages[0]])
    assert Job.objects.count() == MANY


def test_a_text_that_postgresql_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        copying.line(["a\0b"])
