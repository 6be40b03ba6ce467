"""Each run is counted once: whenever it commits, wherever its row is, and whoever folds."""

import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from dramatiq import get_broker

from askpro.queues import interventions
from askpro.queues.ledger import history
from askpro.queues.ledger.claim import by_age
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.ledger.settle import Item, settle
from askpro.queues.metrics import fold, job_figures
from askpro.queues.models import AttemptRow, Job, MetricFold, MetricMinute
from tests.queues import actors
from tests.queues.metrics.ended import FAILED, REJECTED, end

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_processes]
MINUTE = timedelta(minutes=1)


def figures(**words: Any) -> Any:
    now = datetime.now(UTC)
    return job_figures(now - 10 * MINUTE, now + MINUTE, **words)


def of_default() -> Any:
    return next(each for each in figures() if each.key == "default")


def test_a_completed_a_failed_and_a_dead_run_are_told_apart(database: EngineConnection) -> None:
    for number in range(3):
        actors.nothing.send(number)
    end(database, most=1)
    end(database, FAILED, most=1)
    end(database, REJECTED, most=1)
    fold.to_the_end()
    told = of_default()
    assert (told.arrived, told.completed, told.failed, told.dead) == (3, 1, 2, 1)
    assert told.by_class == {"askpro.queues.errors.Rejected": 1, "ValueError": 1}
    assert told.dead_by_class == {"askpro.queues.errors.Rejected": 1}
    assert (told.run.count, told.wait.count) == (3, 3)


def test_nothing_is_counted_twice(database: EngineConnection) -> None:
    actors.nothing.send(1)
    end(database)
    assert fold.to_the_end() == 1
    assert fold.to_the_end() == 0
    assert of_default().completed == 1


def test_a_run_is_counted_though_it_commits_after_a_later_one(database: EngineConnection) -> None:
    actors.nothing.send(1)
    actors.nothing.send(2)
    late = EngineConnection()
    late.rows("BEGIN")
    end(late, most=1)
    end(database)
    fold.to_the_end()
    assert of_default().completed == 1
    late.rows("COMMIT")
    fold.to_the_end()
    assert of_default().completed == 2
    late.close()


def test_a_run_that_is_rolled_back_is_not_counted(database: EngineConnection) -> None:
    actors.nothing.send(1)
    other = EngineConnection()
    other.rows("BEGIN")
    end(other)
    other.rows("ROLLBACK")
    other.close()
    fold.to_the_end()
    assert [each.completed for each in figures()] == [0]


# On the same day, since there may be no table of the day before.
LONG_BEFORE = "greatest(finished_at - interval '40 minutes', date_trunc('day', finished_at, 'UTC'))"


def test_a_transaction_of_hours_is_found_at_its_end(database: EngineConnection) -> None:
    """Its rows are far below where the others are looked for."""
    actors.nothing.send(1)
    with closing(EngineConnection()) as late:
        late.rows("BEGIN")
        end(late)
        late.rows(f"UPDATE queues_job SET finished_at = {LONG_BEFORE} WHERE status = 'completed'")
        ((xid,),) = late.rows("SELECT pg_current_xact_id()::text")
        fold.to_the_end()
        row = MetricFold.objects.get()
        # Beside those of other tests' databases.
        assert str(int(xid) & fold.MASK) in row.running
        row.running = {xid: since - 2500 for xid, since in row.running.items()}
        row.save()
        late.rows("COMMIT")
    assert fold.to_the_end() == 1


def test_a_statement_that_has_written_nothing_yet_may_still_end_runs_of_its_time(
    database: EngineConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fold, "MARGIN", timedelta(0))
    database.rows("SELECT pg_advisory_lock(77)")
    other = EngineConnection()
    other.rows("SELECT 1")
    thread = threading.Thread(target=other.rows, args=("SELECT pg_advisory_xact_lock(77)",))
    thread.start()
    began = wait_for(database, "SELECT query_start FROM pg_stat_activity WHERE wait_event = 'advisory'")
    fold.to_the_end()
    assert MetricFold.objects.get().counted_at == began
    database.rows("SELECT pg_advisory_unlock(77)")
    thread.join()
    other.close()
    fold.to_the_end()
    assert MetricFold.objects.get().counted_at > began


def wait_for(database: EngineConnection, statement: str) -> datetime:
    while not (rows := database.rows(statement)):
        pass
    found: datetime = rows[0][0]
    return found


def test_a_run_that_was_settled_long_after_its_end_is_counted(database: EngineConnection) -> None:
    """PostgreSQL was away meanwhile."""
    fold.to_the_end()
    actors.nothing.send(1)
    claims = by_age((database, 1, "default", get_broker().actors), 1)
    settle(database, 1, "v1", [Item(claims[0], FAILED, time.monotonic() - 7200)])
    finished_at = AttemptRow.objects.get().finished_at
    assert finished_at and finished_at < datetime.now(UTC) - timedelta(hours=1)
    assert fold.to_the_end() == 1


def test_a_run_with_a_log_counts_once(database: EngineConnection) -> None:
    actors.nothing.send(1)
    end(database, log=["12:00:00 begun\n"])
    fold.to_the_end()
    told = of_default()
    assert (told.arrived, told.completed, told.run.count) == (1, 1, 1)


def test_a_dead_job_that_is_retried_and_put_away_counts_each_run_and_each_death(database: EngineConnection) -> None:
    actors.nothing.send(1)
    for _ in range(2):
        end(database, REJECTED)
        fold.to_the_end()
        while history.put_away(database):
            pass
        fold.to_the_end()
        assert interventions.retry(Job.objects.get().pk)
    end(database)
    fold.to_the_end()
    told = of_default()
    assert (told.arrived, told.completed, told.failed, told.dead) == (1, 1, 2, 2)


def test_an_attempt_that_says_little_stops_nothing() -> None:
    actors.nothing.send(1)
    AttemptRow.objects.create(job=Job.objects.get(), claim_no=1, outcome="failed")
    AttemptRow.objects.create(job_id=uuid4(), claim_no=1, outcome="lost")
    assert fold.to_the_end() == 2
    assert {each.key: each.by_class for each in figures()} == {"default": {"failed": 1}, "": {"lost": 1}}


def test_years_without_a_run_are_leapt_over() -> None:
    for days in (9_000, 8_999, 40):
        at = datetime.now(UTC) - timedelta(days=days)
        AttemptRow.objects.create(job_id=uuid4(), claim_no=1, outcome="lost", recorded_at=at)
    folder, bites = fold.Folder(), 1
    while not folder.bite()[1]:
        bites += 1
    assert MetricMinute.objects.filter(what="failed").count() == 3
    assert bites < 40


def test_only_one_process_folds_at_a_time(database: EngineConnection) -> None:
    actors.nothing.send(1)
    end(database)
    fold.to_the_end()
    actors.nothing.send(2)
    end(database)
    other = EngineConnection()
    other.rows("BEGIN")
    other.rows("SELECT 1 FROM queues_metricfold FOR UPDATE")
    assert fold.Folder().look() == 0
    other.rows("COMMIT")
    other.close()
    assert fold.to_the_end() == 1


def test_a_fold_that_dies_has_counted_nothing(database: EngineConnection) -> None:
    actors.nothing.send(1)
    end(database)
    with pytest.raises(RuntimeError), transaction.atomic():
        fold.to_the_end()
        raise RuntimeError
    assert not MetricMinute.objects.exists()
    assert fold.to_the_end() == 1


@pytest.mark.parametrize(
    ("snapshot", "running"),
    [
        ("10:20:12,15", ["12", "15", "20", "21"]),
        (f"{2**32 - 6}:{2**32 + 3}:{2**32 - 2}", [str(2**32 - 2), "5", "12", "15", "20", "21"]),
    ],
)
def test_who_was_running_is_told_by_the_snapshot(snapshot: str, running: list[str]) -> None:
    begun = dict.fromkeys(["5", "12", "15", "20", "21", str(2**32 - 2)], 1.0)
    assert sorted(fold.running_in(snapshot, begun)) == sorted(running)


def test_another_cluster_goes_on_by_time(database: EngineConnection) -> None:
    """A dump was restored: its transactions have new numbers."""
    actors.nothing.send(1)
    end(database)
    fold.to_the_end()
    MetricFold.objects.update(
        cluster=1, counted="999999999:999999999:", counted_at=datetime.now(UTC) + timedelta(seconds=1)
    )
    assert fold.to_the_end() == 0
    assert MetricFold.objects.get().cluster != 1
    actors.nothing.send(2)
    end(database)
    assert fold.to_the_end() == 1
