"""The row of a job leaves the hot table with the job's end, and whoever reads jobs finds it all the same."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone
from dramatiq import get_broker

from askpro.queues import interventions
from askpro.queues.errors import Rejected
from askpro.queues.ledger import history
from askpro.queues.ledger.claim import by_age
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.ledger.outcome import COMPLETED, decide
from askpro.queues.ledger.settle import Item, Settler, settle
from askpro.queues.models import Attempt, AttemptRow, Job
from askpro.queues.states import FAILED_DAY, LIVE_DAY
from tests.queues import actors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_processes]
REJECTED = decide(Rejected("no"), tries_left=3, tries_spent=0, backoff=())


def today():
    return datetime.now(UTC).date()


def table(job):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM queues_job WHERE id = %s", [job.pk])
        (name,) = cursor.fetchone()
    return name


def end(database, outcome=COMPLETED, log=()):
    claims = by_age((database, 1, "default", get_broker().actors), 100)
    for claim in claims:
        claim.log.extend(log)
    settle(database, 1, "v1", [Item(claim, outcome, claim.started or 0.0) for claim in claims])


class TestACompletedJob:
    def test_is_in_the_table_of_the_day_on_which_it_completed(self, database):
        actors.nothing.send(1)
        assert table(Job.objects.get()) == "queues_job_live"
        end(database)
        assert table(Job.objects.get(status="completed")) == history.table_of(today())

    def test_keeps_all_that_was_known_of_it(self, database):
        actors.alone.send("a")
        before = Job.objects.values().get()
        end(database)
        after = Job.objects.values().get()
        changed = {name for name in before if before[name] != after[name]}
        assert changed == {"status", "day", "claim_no", "worker_id", "started_at", "finished_at"}

    def test_tells_the_run_that_completed_it(self, database):
        actors.nothing.send(1)
        end(database)
        attempt = Job.objects.get().attempts.get()
        assert (attempt.outcome, attempt.claim_no, attempt.worker_id) == ("completed", 1, 1)
        assert not AttemptRow.objects.exists()

    def test_has_one_attempt_when_it_kept_a_log(self, database):
        actors.nothing.send(1)
        end(database, log=["12:00:00 begun\n"])
        assert Job.objects.get().attempts.get().log == "12:00:00 begun\n"

    def test_keeps_the_attempts_that_failed(self, database):
        actors.nothing.send(1)
        end(database, decide(ValueError("x"), tries_left=3, tries_spent=0, backoff=()))
        assert interventions.run_now(Job.objects.get().pk)
        end(database)
        outcomes = Attempt.objects.order_by("claim_no").values_list("outcome", flat=True)
        assert [*outcomes] == ["failed", "completed"]


class TestAFailedJob:
    def test_is_put_away_by_the_chores(self, database):
        actors.nothing.send(1)
        end(database, REJECTED)
        assert table(Job.objects.get(status="dead")) == "queues_job_live"
        assert history.put_away(database) == 1
        assert table(Job.objects.get(status="dead")) == "queues_job_failed"
        assert history.put_away(database) == 0

    @pytest.mark.parametrize("is_put_away", [False, True])
    def test_is_sent_again_under_its_id_and_with_its_attempts(self, database, is_put_away):
        actors.nothing.send(1)
        end(database, REJECTED)
        if is_put_away:
            history.put_away(database)
        job = Job.objects.get()
        assert interventions.retry(job.pk)
        assert table(Job.objects.get(pk=job.pk, status="queued", day=LIVE_DAY, extra_tries=1)) == "queues_job_live"
        end(database)
        assert [*Attempt.objects.order_by("claim_no").values_list("outcome", flat=True)] == ["failed", "completed"]

    def test_a_cancelled_one_is_not_sent_again_by_a_retry(self, database):
        job_id = actors.nothing.send(1).message_id
        assert interventions.cancel(job_id)
        history.put_away(database)
        assert not interventions.retry(job_id)
        assert Job.objects.get().day == FAILED_DAY


class TestTheTablesOfDays:
    def test_are_there_a_week_ahead(self, database):
        history.prepare_days(database)
        assert history.prepare_days(database) == 0
        assert {history.table_of(today() + timedelta(days=ahead)) for ahead in range(8)} <= set(tables())

    def test_one_is_made_for_a_job_of_a_release_that_left_it_in_the_hot_table(self, database):
        actors.nothing.send(1)
        long_ago = datetime(2026, 3, 29, 23, 30, tzinfo=UTC)
        Job.objects.update(status="completed", finished_at=long_ago)
        assert history.put_away(database) == 1
        assert Job.objects.get().day == date(2026, 3, 29)
        drop(date(2026, 3, 29))

    def test_a_finished_job_without_an_end_is_put_away_today(self, database):
        actors.nothing.send(1)
        Job.objects.update(status="completed")
        assert history.put_away(database) == 1
        assert Job.objects.get().day == today()

    def test_at_most_a_thousand_are_put_away_at_once(self, database, monkeypatch):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        get_broker().send_many([actors.nothing.message(number) for number in range(history.AT_ONCE + 1)])
        Job.objects.update(status="cancelled", finished_at=timezone.now())
        assert [history.put_away(database), history.put_away(database)] == [history.AT_ONCE, 1]

    def test_without_one_for_today_the_settle_thread_makes_it(self, database):
        actors.nothing.send(1)
        (claim,) = by_age((database, 1, "default", get_broker().actors), 1)
        drop(today())
        settled = []
        settler = Settler(EngineConnection(), 1, "v1", lambda items, ids: settled.extend(ids))
        settler.start()
        settler.put(Item(claim, COMPLETED, 0.0))
        settler.stop()
        assert settled == [claim.id]
        assert Job.objects.get().status == "completed"

    def test_two_processes_may_make_the_same_one(self, database):
        drop(today())
        assert history.prepare_days(database) == 1
        assert not history._make(database, today())


def test_every_column_of_a_job_is_kept_or_left_behind_on_purpose():
    columns = {field.column for field in Job._meta.fields}
    set_at_the_end = {"status", "day", "started_at", "finished_at"}
    forgotten = {"run_at", "gate", "gate_urgency", "gate_token", "rate_slot_at"}
    assert {*history.COLUMNS} == columns - set_at_the_end - forgotten


def test_states_that_a_table_cannot_hold_are_not_looked_for_in_it():
    plan = Job.objects.filter(status__in=["queued", "dead"]).explain()
    assert "queues_job_live" in plan and "queues_job_failed" in plan and history.table_of(today()) not in plan


def test_moving_a_row_changes_nothing_that_a_reader_counts(database):
    get_broker().send_many([actors.nothing.message(number) for number in range(3)])
    end(database)
    Job.objects.filter(args=[1]).update(claim_no=F("claim_no"))
    history.put_away(database)
    assert Job.objects.filter(status="completed").count() == Attempt.objects.count() == 3


def tables():
    return [name for (name,) in EngineConnection().rows(history.TABLES)]


def drop(day):
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {history.table_of(day)}")
