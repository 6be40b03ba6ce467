"""A run that takes too long leaves a row with what took its time; all others leave only what they took together."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import psycopg2
import pytest
from django.db import connection, transaction

from askpro.queues import actor
from askpro.queues.insight import record
from askpro.queues.insight.observer import MOST_WAITING, Observer
from askpro.queues.insight.record import MOST_KINDS, OTHERS
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.current import current
from askpro.queues.models import RunCost, SlowRun
from askpro.queues.processes.annex import Annex
from tests.queues import actors

pytestmark = pytest.mark.django_db(transaction=True)

JOB = "018f0000-0000-7000-8000-000000000001"


@actor(queue_name="default", slow=1)
def always_slow(company_id: int, number: int = 0) -> None: ...


@pytest.fixture
def observer(database) -> Observer:
    return Observer(17, database)


@pytest.fixture
def listening() -> Iterator[None]:
    """This thread's connection, as a worker's is: its statements count for the run."""
    record.listen(connection)
    yield
    connection.execute_wrappers.clear()


def claim(name: str = "always_slow", *args: Any, **kwargs: Any) -> Claim:
    return Claim(JOB, name, "default", list(args), kwargs, {}, 3, 0, 0, 0, False, 0, None)


def begin(of: Claim | None = None) -> Claim:
    """This thread begins a run, as in a worker."""
    of = of or claim("always_slow", 5)
    of.started, of.thread_id = time.monotonic(), threading.get_ident()
    current.claim = of
    return of


def end(observer: Observer, error_class: str = "") -> None:
    """It has ended. As in a worker, the observer hears of it only when it has a record or was long."""
    ended, current.claim = current.claim, None
    assert ended is not None and ended.started is not None
    if ended.record is not None or time.monotonic() - ended.started >= observer.shortest:
        observer.ended(ended, error_class)


@pytest.fixture(autouse=True)
def _no_run_is_left() -> Iterator[None]:
    yield
    current.claim = None


def ask(statement: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def test_a_slow_run_says_which_statement_and_which_call_took_its_time(observer, listening):
    begin(claim("always_slow", 5))
    ask("SELECT pg_sleep(%s)", 0.03)
    ask("SELECT length('Anna Muster')")
    record.note_call("calcom", "POST /v2/bookings", "ok", 0.5)
    end(observer)
    observer.look([])

    row = SlowRun.objects.get()
    assert (str(row.job_id), row.claim_no, row.actor_name, row.queue_name) == (JOB, 3, "always_slow", "default")
    assert (row.company_id, row.worker_id, row.error_class) == (5, 17, "")
    assert row.finished_at is not None and row.began_at < row.finished_at
    assert [told["text"] for told in row.statements] == ["SELECT pg_sleep(%s)", "SELECT length(?)"]
    assert row.statements[0]["seconds"] >= 0.03
    assert row.sql_count == 2 and row.sql_seconds >= 0.03
    (call,) = row.calls
    assert (call["vendor"], call["route"], call["result"], call["seconds"]) == (
        "calcom",
        "POST /v2/bookings",
        "ok",
        0.5,
    )
    assert "Anna" not in str(row.statements)


def test_a_run_that_is_not_slow_leaves_no_row_but_counts(observer, listening):
    begin(claim("nothing"))
    ask("SELECT 1")
    end(observer)
    observer.flush()

    assert not SlowRun.objects.exists()
    cost = RunCost.objects.get()
    assert (cost.actor_name, cost.company_id, cost.slow, cost.sql_count) == ("nothing", 0, 0, 1)
    assert cost.hour == datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def test_what_several_processes_took_is_added_up(database):
    for observer in (Observer(1, database), Observer(2, database)):
        for company in (5, 5, 6):
            begin(claim("always_slow", company))
            record.note_call("twilio", "POST Messages", "ok", 0.25)
            end(observer)
        observer.flush()

    totals = RunCost.objects.order_by("company_id").values_list("company_id", "vendor_count", "vendor_seconds")
    assert list(totals) == [(5, 4, 1.0), (6, 2, 0.5)]


def test_a_run_that_hangs_is_written_before_it_ends_and_again_at_its_end(observer, monkeypatch):
    run = begin()
    time.sleep(0.002)
    observer.look([run])
    written = SlowRun.objects.get()
    assert written.finished_at is None
    observer.look([run])
    end(observer, "askpro.queues.errors.Rejected")
    observer.look([])

    ended = SlowRun.objects.get()
    assert ended.pk == written.pk and ended.finished_at is not None and ended.seconds >= written.seconds
    assert ended.error_class == "askpro.queues.errors.Rejected"


def test_the_statement_that_it_hangs_in_is_told_before_it_ends(observer, listening, database):
    run = begin()
    told: list[list[dict[str, Any]]] = []

    def look() -> None:
        time.sleep(0.05)
        observer.look([run])
        ((statements,),) = database.rows("SELECT statements FROM queues_slowrun")
        told.append(json.loads(statements))

    beside = threading.Thread(target=look)
    beside.start()
    ask("SELECT pg_sleep(0.2), 'Anna'")
    beside.join()
    end(observer)

    ((hanging,),) = told
    assert (hanging["text"], hanging["count"]) == ("SELECT pg_sleep(?), ?", 1) and 0.04 < hanging["longest"] < 0.2
    assert record.record_of(run).sql.count == 1


def test_nothing_is_noted_outside_of_a_run(observer, listening):
    ask("SELECT 1")
    record.note_call("calcom", "GET /v2/me", "ok", 1.0)
    observer.flush()

    assert not SlowRun.objects.exists() and not RunCost.objects.exists()


def test_a_run_with_many_different_statements_keeps_its_bounds(observer, listening):
    begin()
    for number in range(MOST_KINDS + 20):
        ask(f"SELECT 1 AS x{number}")
    assert current.claim is not None
    kinds = record.record_of(current.claim).statements
    end(observer)
    observer.look([])

    assert len(kinds) == MOST_KINDS + 1 and kinds[OTHERS].count == 20
    assert len(SlowRun.objects.get().statements) == 10


def test_what_cannot_be_written_now_is_written_later(database):
    class Away:
        def rows(self, *_: Any) -> list[Any]:
            raise psycopg2.OperationalError

    observer = Observer(1, Away())
    for _ in range(MOST_WAITING + 5):
        begin(claim("always_slow", 5))
        time.sleep(0.0011)
        end(observer)
    for write in (partial(observer.look, []), observer.flush):
        with pytest.raises(psycopg2.OperationalError):
            write()
    with pytest.raises(psycopg2.OperationalError):
        observer._costs.write(Away())
    observer._database = database
    observer.flush()

    assert SlowRun.objects.count() == 1, "all of them were the same run"
    assert RunCost.objects.get().slow == MOST_WAITING + 5


def test_a_wait_for_a_lock_counts_as_one(observer, listening):
    ask("SELECT pg_advisory_lock(4711)")
    run = claim("always_slow", 5)
    begun = threading.Event()

    def work() -> None:
        record.listen(connection)
        begin(run)
        with transaction.atomic():
            begun.set()
            ask("SELECT pg_advisory_xact_lock(4711)")
        end(observer)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait()
    time.sleep(0.7)
    observer.look([run])
    ask("SELECT pg_advisory_unlock(4711)")
    thread.join()
    observer.look([])

    row = SlowRun.objects.get()
    assert 0.3 < row.lock_seconds <= row.sql_seconds


def test_computing_is_told_from_waiting_also_of_a_run_that_asks_nobody(observer):
    run = begin()
    until = time.monotonic() + 0.1
    while time.monotonic() < until:
        sum(range(1000))
    observer.look([run])
    time.sleep(0.1)
    end(observer)
    observer.look([])

    row = SlowRun.objects.get()
    assert row.seconds >= 0.2 and row.cpu_seconds <= row.seconds - 0.09
    assert row.cpu_seconds > 0.01
    assert row.other_seconds >= 0.09


def test_a_look_says_which_thread_a_run_is_in(database):
    annex = Annex(4)
    run = begin()
    run.slot = 2
    Observer(17, database, annex).look([run])
    assert annex.thread_of(2, UUID(run.id)) == threading.get_ident()
    assert annex.thread_of(2, UUID(int=0)) == annex.thread_of(1, UUID(run.id)) == 0


def test_an_empty_run_has_no_record_at_all(observer):
    observer.shortest = 5.0
    run = claim("nothing")
    begin(run)
    end(observer)
    assert run.record is None
    assert not observer.profiler.wanted
    observer.flush()
    assert not RunCost.objects.exists()


def test_the_queue_says_what_is_slow_unless_the_job_does(observer):
    assert observer._traits.of(claim("always_slow")).slow == 0.001
    assert observer._traits.of(claim("nothing")).slow == 30.0
    assert observer._traits.of(claim("of another release")).slow == 30.0
    assert observer.shortest == 0.001


def test_a_job_of_a_test_can_be_slow_by_its_declaration():
    assert actors.nothing.word("slow") is None
    with pytest.raises(ValueError, match="slow is 0"):
        actor(slow=0)(lambda: None)
