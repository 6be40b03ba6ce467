"""What has finished becomes rows: states, attempts, next steps, freed locks."""

import re
import threading
import time
from contextlib import nullcontext

import pytest
from django.db import IntegrityError, connection, transaction
from dramatiq import get_broker

from askpro.queues import Batch, chain, interventions, send_many, wake
from askpro.queues.chores import promotion
from askpro.queues.errors import JobError
from askpro.queues.ledger import locks, running
from askpro.queues.ledger.claim import BY_AGE, BY_IDS, by_age, by_ids
from askpro.queues.ledger.current import current
from askpro.queues.ledger.database import EngineConnection, LastStatements
from askpro.queues.ledger.floors import ALWAYS
from askpro.queues.ledger.outcome import COMPLETED, Outcome, decide, released
from askpro.queues.ledger.running import LostClaim
from askpro.queues.ledger.settle import Item, Settler, settle
from askpro.queues.ledger.settle_sql import ALONE
from askpro.queues.models import Attempt, Job, Lock
from askpro.queues.models import Batch as BatchRow
from askpro.queues.testing import run_jobs
from tests.locks import somebody_holds
from tests.queues import actors
from tests.queues.queues_run import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_processes, pytest.mark.also_without_redis]

LAST_MESSAGE = "SELECT query, state FROM pg_stat_activity WHERE pid = %s"


def who(database, worker_id=1):
    return database, worker_id, "default", get_broker().actors


def claim_all(database, worker_id=1, limit=100):
    return by_age(who(database, worker_id), limit)


def settle_all(database, claims, outcome=COMPLETED, worker_id=1):
    now = time.monotonic()
    for claim in claims:
        claim.started = now
    return settle(database, worker_id, "v1", [Item(claim, outcome, now) for claim in claims])


def failure(message="no"):
    return decide(JobError(message), tries_left=1, tries_spent=0, backoff=(10_000,))


def run_claimed(claim, function=actors.atomic_effect.fn):
    """Run a claim's atomic job as its worker would; returns the id of what it settled."""
    current.claim, current.worker_id, current.code_version = claim, 1, "v1"
    try:
        running.run_atomically(function, tuple(claim.args), claim.kwargs)
    finally:
        current.claim = None
    return claim.id if claim.settled else None


class TestClaiming:
    def test_a_job_is_claimed_once(self, database):
        message = actors.nothing.send(1)
        (claim,) = by_ids(who(database), [message.message_id])
        assert (claim.id, claim.claim_no, claim.args) == (message.message_id, 1, [1])
        assert by_ids(who(database, 2), [message.message_id]) == []
        assert by_age(who(database, 2), 5) == []

    def test_claiming_by_ids_never_reads_the_backlog(self, database):
        send_many([actors.nothing.message(number) for number in range(3000)])
        Job.objects.update(status="completed")
        # A quiet hour: according to the statistics, no job waits.
        database.rows("ANALYZE queues_job")
        message = actors.nothing.send(1)
        params = ("default", list(get_broker().actors), "default", 1, "{" + message.message_id + "}", 1, 1)
        plan = "\n".join(row[0] for row in database.rows("EXPLAIN " + BY_IDS, params))
        assert "job_queued" not in plan
        assert "queues_job_pkey" in plan

    def test_claiming_by_age_reads_its_index_whatever_the_statistics_say(self, database):
        send_many([actors.nothing.message(number) for number in range(3000)])
        database.rows("ANALYZE queues_job")
        Job.objects.update(status="completed")
        params = ("default", list(get_broker().actors), "default", 1, ALWAYS, 50, 1)
        plan = "\n".join(row[0] for row in database.rows("EXPLAIN " + BY_AGE, params))
        assert "job_queued" in plan
        assert "Seq Scan" not in plan

    def test_an_id_that_nobody_knows_is_forgotten(self, database):
        unknown = "01890000-0000-7000-8000-000000000000"
        assert by_ids(who(database), [unknown]) == []

    def test_jobs_of_actors_that_this_process_does_not_know_are_left(self, database):
        actors.nothing.send(1)
        assert by_age((database, 1, "default", ["another"]), 5) == []
        assert Job.objects.get().status == Job.Status.QUEUED

    def test_the_oldest_come_first(self, database):
        ids = [actors.nothing.send(number).message_id for number in range(5)]
        assert [claim.id for claim in claim_all(database, limit=3)] == ids[:3]

    def test_a_row_that_somebody_holds_is_skipped_and_not_waited_for(self, database):
        first, second = (actors.nothing.send(number).message_id for number in range(2))
        with transaction.atomic():
            Job.objects.select_for_update().get(pk=first)
            assert [claim.id for claim in claim_all(database)] == [second]


class TestSettling:
    def test_a_completed_job_has_an_attempt_with_its_times(self, database):
        actors.nothing.send(1)
        claims = claim_all(database)
        assert settle_all(database, claims).ids == {claims[0].id}
        job, attempt = Job.objects.get(), Attempt.objects.get()
        assert (job.status, job.worker_id, job.tries_spent) == ("completed", 1, 0)
        assert (attempt.outcome, attempt.claim_no, attempt.worker_id) == ("completed", 1, 1)
        assert attempt.started_at <= attempt.finished_at <= job.finished_at

    def test_a_failed_run_spends_a_try_and_keeps_its_error(self, database):
        actors.fails.send()
        settle_all(database, claim_all(database), failure("Fehler ä \x00"))
        job, attempt = Job.objects.get(), Attempt.objects.get()
        assert (job.status, job.tries_spent, job.error_class) == ("retrying", 1, "askpro.queues.errors.JobError")
        assert job.run_at > job.created_at
        assert attempt.error_message == "Fehler ä \ufffd"
        assert attempt.fingerprint

    def test_a_release_spends_no_try_and_writes_no_attempt(self, database):
        actors.nothing.send(1)
        settle_all(database, claim_all(database), released(60, "rate limit"))
        job = Job.objects.get()
        assert (job.status, job.tries_spent, job.releases, job.release_reason) == ("released", 0, 1, "rate limit")
        assert not Attempt.objects.exists()

    def test_what_was_woken_while_it_ran_comes_back_at_once(self, database):
        actors.waits.send(call_id=1)
        claims = claim_all(database)
        assert wake(actors.waits, "call:1") == 0
        settle_all(database, claims, released(60, "not yet"))
        assert promotion.promote(database) == 1
        settle_all(database, claim_all(database), released(60, "not yet"))
        assert promotion.promote(database) == 0

    def test_the_last_real_error_survives_a_later_release(self, database):
        actors.nothing.send(1)
        settle_all(database, claim_all(database), failure("the real one"))
        Job.objects.update(status="queued", run_at=None)
        settle_all(database, claim_all(database), released(1, "later"))
        assert Job.objects.get().error_message == "the real one"

    def test_a_settled_job_never_runs_again(self, database):
        message = actors.nothing.send(1)
        settle_all(database, claim_all(database))
        assert by_ids(who(database), [message.message_id]) == []

    def test_the_result_of_a_worker_that_lost_its_job_is_dropped(self, database):
        actors.nothing.send(1)
        zombies = claim_all(database, worker_id=1)
        Job.objects.update(status="queued", worker_id=None)
        (claim,) = claim_all(database, worker_id=2)
        assert settle_all(database, zombies, worker_id=1).ids == set()
        assert Job.objects.get().status == "processing"
        assert settle_all(database, [claim], worker_id=2).ids == {claim.id}
        assert list(Attempt.objects.values_list("claim_no", "worker_id")) == [(2, 2)]

    def test_the_same_worker_with_an_old_claim_number_is_a_zombie_too(self, database):
        actors.nothing.send(1)
        old = claim_all(database)
        Job.objects.update(status="queued", worker_id=None)
        claim_all(database)
        for outcome in (COMPLETED, failure(), released(1, "later")):
            assert settle_all(database, old, outcome).ids == set()
            assert (Job.objects.get().status, Attempt.objects.count()) == ("processing", 0)

    @pytest.mark.parametrize("lost", [COMPLETED, failure("of the zombie")])
    def test_a_lost_claim_and_the_new_one_of_the_same_job_are_told_apart(self, database, lost):
        actors.nothing.send(1)
        (old,) = claim_all(database)
        Job.objects.update(status="queued", worker_id=None)
        (new,) = claim_all(database)
        now = time.monotonic()
        settle(database, 1, "v1", [Item(old, lost, now), Item(new, COMPLETED, now)])
        assert Job.objects.get().status == "completed"
        assert list(Attempt.objects.values_list("claim_no", "outcome")) == [(2, "completed")]

    def test_completed_and_failed_runs_share_a_batch(self, database):
        for number in range(4):
            actors.nothing.send(number)
        claims = claim_all(database)
        now = time.monotonic()
        outcomes = [COMPLETED, failure(), COMPLETED, released(1, "later")]
        settle(database, 1, "v1", [Item(claim, outcome, now) for claim, outcome in zip(claims, outcomes, strict=True)])
        statuses = Job.objects.order_by("id").values_list("status", flat=True)
        assert list(statuses) == ["completed", "retrying", "completed", "released"]


class TestChains:
    def test_the_next_step_is_ready_when_the_one_before_has_completed(self, database, effects):
        chain(
            [actors.step.message(name="one"), actors.step.message(name="two"), actors.step.message(name="three")]
        ).send()
        assert list(Job.objects.order_by("chain_step").values_list("status", flat=True)) == [
            "queued",
            "waiting",
            "waiting",
        ]
        assert run_jobs() == [("step", "completed")] * 3
        assert effects() == ["one", "two", "three"]

    def test_a_dead_step_halts_the_rest_and_a_retry_resumes_there(self, effects):
        chain([actors.last_chance.message(), actors.step.message(name="after")]).send()
        run_jobs()
        assert list(Job.objects.order_by("chain_step").values_list("status", flat=True)) == ["dead", "waiting"]
        job = Job.objects.get(chain_step=0)
        Job.objects.filter(pk=job.pk).update(actor_name="nothing")
        assert interventions.retry(job.pk)
        run_jobs()
        assert effects() == ["after"]

    def test_a_cancelled_step_cancels_the_rest(self):
        chain([actors.finds_nothing.message(), actors.step.message(name="after")]).send()
        run_jobs()
        assert list(Job.objects.order_by("chain_step").values_list("status", flat=True)) == ["cancelled", "cancelled"]

    def test_an_empty_chain_is_refused(self):
        with pytest.raises(ValueError, match="at least one step"):
            chain([])

    @pytest.mark.parametrize("alone", [True, False], ids=["chains", "chains in batches"])
    def test_each_settled_step_looks_its_own_chain_and_batch_up_whatever_the_statistics_say(self, database, alone):
        send_many([actors.nothing.message(number) for number in range(500)])
        database.rows("ANALYZE queues_job")
        for number in range(50):
            steps = [actors.nothing.message(number), actors.nothing.message(number)]
            chain(steps).send() if alone else Batch([steps]).send()
        plans: list[str] = []

        class Explained:
            def rows(self, statement, params=()):
                # The rows of batches are locked by a statement before it.
                locks, semicolon, settles = statement.rpartition(";\n")
                explained = f"{locks}{semicolon}EXPLAIN {settles}"
                plans.append("\n".join(row[0] for row in database.rows(explained, params)))
                return []

        first = [str(pk) for pk in Job.objects.filter(chain_step=0).values_list("pk", flat=True)]
        settle_all(Explained(), by_ids(who(database), first))
        (plan,) = plans
        assert not re.search(r"Seq Scan on queues_job|Scan using \w+ on queues_job.*\n(?! *Index Cond)", plan)
        assert set(re.findall(r"Scan using \w+ on queues_job.*\n *Index Cond: \(*(\w+) ", plan)) == {
            "id",
            "chain_id",
        } | (set() if alone else {"batch_id"})


class TestLocks:
    def test_only_one_job_of_a_key_runs_and_the_next_follows_it(self, database):
        actors.alone.send(key="a", number=1)
        actors.alone.send(key="a", number=2)
        actors.alone.send(key="b", number=3)
        free, blocked = locks.acquire(database, claim_all(database))
        assert [claim.kwargs["number"] for claim in free] == [1, 3]
        settle_all(database, blocked, Outcome("released", None, reason="waits for its lock"))
        answer = settle_all(database, free[:1])
        assert [job_id for job_id, _ in answer.ready] == [blocked[0].id]
        assert set(Lock.objects.values_list("key", flat=True)) == {"key:b"}

    def test_a_key_in_somebodys_transaction_keeps_only_those_waiting_who_want_one(self, database):
        actors.alone.send(key="a", number=1)
        may, _ = locks.acquire(database, claim_all(database))
        assert len(may) == 1
        actors.alone.send(key="a", number=2)
        actors.nothing.send(3)
        with somebody_holds("SELECT 1 FROM queues_lock FOR UPDATE"):
            may, blocked = locks.acquire(database, claim_all(database))
        assert [claim.actor_name for claim in may] == ["nothing"]
        assert [claim.kwargs["number"] for claim in blocked] == [2]

    def test_a_failed_run_frees_its_key(self, database):
        actors.alone.send(key="a")
        free, _ = locks.acquire(database, claim_all(database))
        settle_all(database, free, failure())
        assert not Lock.objects.exists()

    def test_waiting_for_a_key_spends_no_try(self):
        for number in range(5):
            actors.alone.send(key="a", number=number)
        run_jobs()
        assert set(Job.objects.values_list("status", "tries_spent")) == {("completed", 0)}


class TestAtomicJobs:
    def test_the_effects_and_the_completion_commit_together(self, effects):
        actors.atomic_effect.send(number=1)
        assert run_jobs() == [("atomic_effect", "completed")]
        assert effects() == ["atomic"]
        assert Attempt.objects.get().outcome == "completed"

    def test_the_effects_of_a_failed_run_are_rolled_back(self, effects):
        actors.atomic_then_fails.send(number=1)
        assert run_jobs() == [("atomic_then_fails", "retrying")]
        assert effects() == []
        assert Job.objects.get().tries_spent == 1

    def test_alone_it_takes_two_messages_one_of_which_is_its_own(self, database, effects):
        actors.atomic_effect.send(number=1)
        actors.atomic_effect.send(number=2)
        heard = []

        def listen(execute, sql, params, many, context):
            execute(sql, params, many, context)
            (last,) = database.rows(LAST_MESSAGE, (context["connection"].connection.info.backend_pid,))
            heard.append(last)

        first, second = claim_all(database)
        for claim in (first, second):
            with connection.execute_wrapper(listen) if claim is second else nullcontext():
                assert run_claimed(claim) == claim.id
        (began, is_open), (ended, is_over) = heard
        assert began.startswith("BEGIN;INSERT INTO effect") and is_open == "idle in transaction"
        assert re.search(r"EXECUTE askpro_\w+ \(.*\);\nCOMMIT$", ended) and is_over == "idle"
        assert effects() == ["atomic", "atomic"]
        assert set(Job.objects.values_list("status", flat=True)) == {"completed"}

    def test_its_settling_reads_no_table_whatever_the_statistics_say(self, database):
        actors.atomic_effect.send(number=1)
        (claim,) = claim_all(database)
        # A quiet hour: according to the statistics, the table is empty.
        database.rows("DELETE FROM pg_statistic WHERE starelid = 'queues_job_live'::regclass")
        database.rows("VACUUM ANALYZE queues_job_live")
        with transaction.atomic(), connection.cursor() as cursor:
            LastStatements(cursor).rows(ALONE, (claim.id, claim.claim_no, 1, 0.0))
            cursor.execute("SELECT current_setting('enable_seqscan'), current_setting('plan_cache_mode')")
            assert cursor.fetchone() == ("off", "force_generic_plan")
            cursor.execute(f"EXPLAIN {ALONE.execution}", (claim.id, claim.claim_no, 1, 0.0))
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "queues_job_pkey" in plan and "Seq Scan" not in plan
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('enable_seqscan'), current_setting('plan_cache_mode')")
            assert cursor.fetchone() == ("on", "auto")

    def test_what_only_the_commit_finds_out_rolls_everything_back(self, database, effects):
        actors.atomic_effect.send(number=1)
        (claim,) = claim_all(database)

        def breaks_a_promise(number):
            actors.effect("atomic")
            with connection.cursor() as cursor:
                cursor.execute(
                    "CREATE TEMP TABLE owing (id int PRIMARY KEY, whom int REFERENCES owing"
                    " DEFERRABLE INITIALLY DEFERRED)"
                )
                cursor.execute("INSERT INTO owing VALUES (1, 2)")

        with pytest.raises(IntegrityError):
            run_claimed(claim, breaks_a_promise)
        assert effects() == []
        assert Job.objects.get().status == "processing" and not claim.settled

    def test_a_step_of_a_chain_makes_the_next_one_ready(self, database, effects):
        first, second = actors.atomic_effect.message(number=1), actors.atomic_effect.message(number=2)
        chain([first, second]).send()
        for message in (first, second):
            (claim,) = claim_all(database)
            assert claim.id == message.message_id
            run_claimed(claim)
        assert effects() == ["atomic", "atomic"]

    @pytest.mark.parametrize("is_step", [False, True])
    def test_the_effects_of_a_zombie_are_rolled_back(self, database, effects, is_step):
        messages = [actors.atomic_effect.message(number=number) for number in (1, 2)]
        chain(messages).send() if is_step else send_many(messages[:1])
        (claim,) = claim_all(database)
        Job.objects.filter(pk=claim.id).update(worker_id=2, claim_no=2)
        with pytest.raises(LostClaim):
            run_claimed(claim)
        assert effects() == [] and not claim.settled
        actors.effect("afterwards")
        assert effects() == ["afterwards"]

    def test_jobs_that_it_sends_exist_with_its_completion_only(self):
        def send_then_fail():
            actors.nothing.send(1)
            raise ValueError

        with pytest.raises(ValueError):
            running.run_atomically(send_then_fail, (), {})
        assert not Job.objects.exists()


class TestTheSettleThread:
    @pytest.fixture
    def settler(self, database):
        done: list[str] = []
        thread = Settler(database, 1, "v1", lambda items, ids: done.extend(item.claim.id for item in items))
        thread.done = done
        thread.start()
        yield thread

    def put_all(self, settler, claims, outcome=COMPLETED):
        for claim in claims:
            settler.put(Item(claim, outcome, time.monotonic()))

    def test_it_settles_everything_before_it_stops(self, database, settler):
        for number in range(700):
            actors.nothing.send(number)
        self.put_all(settler, claim_all(database, limit=700))
        settler.stop()
        assert Job.objects.filter(status="completed").count() == 700
        assert len(settler.done) == 700

    def test_one_bad_row_does_not_stop_the_others(self, database, settler):
        for number in range(9):
            actors.nothing.send(number)
        claims = claim_all(database)
        bad = Outcome("dead", "failed", error_class="E", error_message="m\x00n", trace="t")
        self.put_all(settler, claims[:4])
        self.put_all(settler, claims[4:5], bad)
        self.put_all(settler, claims[5:])
        settler.stop()
        assert Job.objects.filter(status="completed").count() == 8
        job = Job.objects.get(status="dead")
        assert job.error_message == "The error's text could not be stored."

    def test_a_batch_that_somebody_holds_stops_nothing_else(self, database, settler):
        actors.nothing.send(1)
        batch_id = Batch([actors.nothing.message(number) for number in (2, 3)]).send()
        claims = claim_all(database)
        with somebody_holds("SELECT 1 FROM queues_batch FOR UPDATE"):
            self.put_all(settler, claims)
            self.wait_for(settler, 1)
            assert Job.objects.get(status="completed").batch_id is None
        settler.stop()
        assert not Job.objects.exclude(status="completed").exists()
        assert BatchRow.objects.get(pk=batch_id).pending == 0

    def test_a_row_that_somebody_holds_stops_nothing_else(self, database, settler):
        for number in range(5):
            actors.nothing.send(number)
        claims = claim_all(database)
        with somebody_holds(f"SELECT 1 FROM queues_job WHERE id = '{claims[2].id}' FOR UPDATE"):
            self.put_all(settler, claims)
            self.wait_for(settler, 4)
            assert str(Job.objects.get(status="processing").pk) == claims[2].id
        settler.stop()
        assert not Job.objects.exclude(status="completed").exists()

    @staticmethod
    def wait_for(settler, count):
        wait_until(lambda: len(settler.done) >= count, 20)
        assert len(settler.done) == count

    def test_it_writes_again_after_its_connection_was_cut(self, database, settler):
        actors.nothing.send(1)
        claims = claim_all(database)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database() AND usename = current_user"
            )
        self.put_all(settler, claims)
        settler.stop()
        assert Job.objects.get().status == "completed"

    def test_a_server_that_is_read_only_for_a_while_is_waited_for(self, database, settler):
        actors.nothing.send(1)
        claims = claim_all(database)
        database.rows("SET default_transaction_read_only = on")
        self.put_all(settler, claims)
        settler.stop()
        assert Job.objects.get().status == "completed"

    def test_two_batches_that_share_rows_in_other_orders_both_end(self, database):
        for number in range(60):
            actors.alone.send(key=str(number % 7), number=number)
        claims = claim_all(database)
        threads = [
            threading.Thread(target=settle_all, args=(EngineConnection(), part, failure()))
            for part in (claims[::2], list(reversed(claims[1::2])))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert Job.objects.filter(status="retrying").count() == 60
