"""A dead worker's jobs are given back: started ones spend a try, claimed ones none."""

import pytest
from django.db import OperationalError, connections
from dramatiq import get_broker

from askpro.queues import chain, interventions
from askpro.queues.ledger import hints, locks
from askpro.queues.ledger.claim import by_age
from askpro.queues.ledger.database import application_name
from askpro.queues.ledger.outcome import COMPLETED
from askpro.queues.ledger.recover import MOST_LOSSES, Death, recover, recover_lost
from askpro.queues.ledger.settle import Item, settle
from askpro.queues.models import Attempt, Job, Lock, Worker
from tests.queues import actors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_processes, pytest.mark.also_without_redis]


@pytest.fixture
def worker():
    return Worker.objects.create(pool="all", host="here", pid=4711).pk


def claim_all(database, worker):
    # As the next heartbeat of its supervisor does.
    Worker.objects.filter(pk=worker).update(status="running")
    return by_age((database, worker, "default", get_broker().actors), 100)


def death(worker, *claims, cause="", stacks="", culprits=()):
    started = [(claim.id, claim.claim_no, 1.5) for claim in claims]
    return Death(worker, started, cause, stacks, [claim.id for claim in culprits])


def job(**conditions):
    return Job.objects.get(**conditions)


class TestACrash:
    def test_a_started_job_pays_a_try_and_has_an_attempt(self, database, worker):
        actors.nothing.send(1)
        (claim,) = claim_all(database, worker)
        assert recover(database, death(worker, claim)) == 1
        assert (job().status, job().tries_spent, job().losses, job().worker_id) == ("queued", 1, 0, None)
        attempt = Attempt.objects.get()
        assert (attempt.outcome, attempt.claim_no, attempt.worker_id) == ("crashed", 1, worker)
        assert (attempt.finished_at - attempt.started_at).total_seconds() == pytest.approx(1.5, abs=0.1)

    def test_a_merely_claimed_job_goes_back_free_and_keeps_its_age(self, database, worker):
        actors.nothing.send(1)
        ready_at = job().ready_at
        claim_all(database, worker)
        recover(database, death(worker))
        assert (job().status, job().tries_spent, job().losses, job().error_class) == ("queued", 0, 0, "")
        assert job().ready_at == ready_at
        assert not Attempt.objects.exists()

    def test_a_job_without_a_try_left_is_dead(self, database, worker):
        actors.last_chance.send()
        (claim,) = claim_all(database, worker)
        assert recover(database, death(worker, claim)) == 0
        assert (job().status, job().tries_spent, job().error_class) == ("dead", 1, "WorkerCrashed")
        assert job().finished_at is not None

    def test_an_option_of_the_message_decides_over_the_actors(self, database, worker):
        actors.last_chance.send_with_options(max_retries=1)
        (claim,) = claim_all(database, worker)
        recover(database, death(worker, claim))
        assert job().status == "queued"

    def test_extra_tries_of_a_retried_job_count(self, database, worker):
        actors.last_chance.send()
        Job.objects.update(tries_spent=1, extra_tries=1)
        (claim,) = claim_all(database, worker)
        recover(database, death(worker, claim))
        assert job().status == "dead"
        Job.objects.update(status="queued", extra_tries=3)
        (claim,) = claim_all(database, worker)
        recover(database, death(worker, claim))
        assert job().status == "queued"

    def test_a_killed_timeout_is_told_apart(self, database, worker):
        actors.nothing.send(1)
        (claim,) = claim_all(database, worker)
        recover(database, death(worker, claim, cause="timed_out", culprits=[claim]))
        assert (Attempt.objects.get().outcome, job().error_class) == ("timed_out", "TimeLimitExceeded")

    def test_what_was_settled_before_the_death_stays_settled(self, database, worker):
        actors.nothing.send(1)
        (claim,) = claim_all(database, worker)
        claim.started = 0.0
        settle(database, worker, "v1", [Item(claim, COMPLETED, 0.0)])
        assert recover(database, death(worker, claim)) == 0
        assert (job().status, job().tries_spent) == ("completed", 0)
        assert Attempt.objects.get().outcome == "completed"

    def test_a_later_claim_of_the_same_worker_pays_nothing_for_an_earlier_start(self, database, worker):
        actors.nothing.send(1)
        (first,) = claim_all(database, worker)
        Job.objects.update(status="queued", worker_id=None)
        claim_all(database, worker)
        recover(database, death(worker, first))
        assert (job().status, job().tries_spent) == ("queued", 0)

    def test_jobs_of_other_workers_are_left_alone(self, database, worker):
        other = Worker.objects.create(pool="all", host="here", pid=4712).pk
        actors.nothing.send(1)
        (claim,) = claim_all(database, other)
        assert recover(database, death(worker, claim)) == 0
        assert job().worker_id == other

    def test_doing_it_twice_changes_nothing_more(self, database, worker):
        actors.nothing.send(1)
        (claim,) = claim_all(database, worker)
        recover(database, death(worker, claim))
        assert recover(database, death(worker, claim)) == 0
        assert job().tries_spent == 1
        assert Attempt.objects.count() == 1

    def test_it_frees_the_keys_and_ends_the_workers_row(self, database, worker):
        actors.alone.send(key="a")
        claims = claim_all(database, worker)
        locks.acquire(database, claims)
        recover(database, death(worker, *claims))
        assert not Lock.objects.exists()
        assert Worker.objects.get().status == "dead"

    def test_it_tells_redis_what_is_ready(self, database, worker, redis_client):
        message = actors.nothing.send(1)
        (claim,) = claim_all(database, worker)
        redis_client.flushdb()
        recover(database, death(worker, claim))
        assert redis_client.lrange(hints.key("default"), 0, -1) == [message.message_id.encode()]

    def test_a_dead_step_halts_its_chain(self, database, worker):
        chain([actors.last_chance.message(), actors.step.message(name="after")]).send()
        (claim,) = claim_all(database, worker)
        recover(database, death(worker, claim))
        assert list(Job.objects.order_by("chain_step").values_list("status", flat=True)) == ["dead", "waiting"]

    def test_its_sessions_are_ended_and_with_them_their_locks(self, database, worker):
        actors.nothing.send(1)
        (claim,) = claim_all(database, worker)
        session = connections.create_connection("default")
        try:
            with session.cursor() as cursor:
                cursor.execute("SELECT set_config('application_name', %s, false)", [application_name(worker)])
                cursor.execute("BEGIN")
                cursor.execute("SELECT 1 FROM queues_job FOR UPDATE")
            assert recover(database, death(worker, claim)) == 1
            with pytest.raises(OperationalError), session.cursor() as cursor:
                cursor.execute("SELECT 1")
        finally:
            session.close()


class TestAKillOnPurpose:
    """The forker killed the process: jobs that were not the reason spend no try."""

    def test_only_who_ignored_its_time_limit_pays(self, database, worker):
        for number in range(3):
            actors.nothing.send(number)
        culprit, bystander, _ = claim_all(database, worker)
        died = death(worker, culprit, bystander, cause="timed_out", stacks="here it stood", culprits=[culprit])
        assert recover(database, died) == 3
        assert list(Job.objects.order_by("id").values_list("status", "tries_spent", "losses")) == [
            ("queued", 1, 0),
            ("queued", 0, 1),
            ("queued", 0, 0),
        ]
        outcomes = Attempt.objects.order_by("job_id").values_list("job_id", "outcome", "error_class", "trace")
        assert [(str(job_id), *rest) for job_id, *rest in outcomes] == [
            (culprit.id, "timed_out", "TimeLimitExceeded", "here it stood"),
            (bystander.id, "crashed", "WorkerKilled", "here it stood"),
        ]

    @pytest.mark.parametrize("cause", ["stuck", "stopped"])
    def test_nobody_pays_for_a_process_that_was_stuck_or_had_to_end(self, database, worker, cause):
        actors.last_chance.send()
        (claim,) = claim_all(database, worker)
        assert recover(database, death(worker, claim, cause=cause)) == 1
        assert (job().status, job().tries_spent, job().losses) == ("queued", 0, 1)

    def test_who_is_there_every_time_pays_in_the_end(self, database, worker):
        actors.nothing.send_with_options(args=(1,), max_retries=1)
        for _ in range(MOST_LOSSES + 1):
            assert job().status == "queued"
            (claim,) = claim_all(database, worker)
            recover(database, death(worker, claim, cause="stuck"))
        assert (job().status, job().tries_spent, job().losses) == ("dead", 2, MOST_LOSSES - 1)


class TestACancelledJob:
    """Somebody cancelled it while it ran, and it ends with its worker: it ends as cancelled, tries left or not."""

    @pytest.mark.parametrize("send", [actors.nothing.send, actors.last_chance.send])
    @pytest.mark.parametrize("cause", ["", "timed_out", "stuck", "stopped"])
    def test_it_neither_runs_again_nor_is_dead(self, database, worker, send, cause):
        send()
        (claim,) = claim_all(database, worker)
        assert interventions.cancel(claim.id)
        assert recover(database, death(worker, claim, cause=cause, culprits=[claim])) == 0
        assert (job().status, job().error_class, job().worker_id) == ("cancelled", "Cancelled", None)
        assert Attempt.objects.get().outcome == ("timed_out" if cause else "crashed")

    def test_it_is_cancelled_without_an_attempt_where_it_had_not_begun(self, database, worker):
        actors.nothing.send(1)
        (claim,) = claim_all(database, worker)
        assert interventions.cancel(claim.id)
        recover(database, death(worker))
        assert (job().status, job().tries_spent) == ("cancelled", 0)
        assert not Attempt.objects.exists()

    def test_it_is_cancelled_when_its_host_falls_silent(self, database, worker):
        actors.last_chance.send()
        (claim,) = claim_all(database, worker)
        assert interventions.cancel(claim.id)
        assert recover_lost(database, worker) == 0
        assert (job().status, Attempt.objects.get().outcome) == ("cancelled", "lost")

    def test_the_steps_behind_it_are_cancelled(self, database, worker):
        chain([actors.last_chance.message(), actors.nothing.message(1)]).send()
        (claim,) = claim_all(database, worker)
        assert interventions.cancel(claim.id)
        recover(database, death(worker, claim, cause="timed_out", culprits=[claim]))
        assert {job.status for job in Job.objects.all()} == {"cancelled"}


class TestASilentHost:
    def test_every_held_job_goes_back_and_is_counted_as_lost(self, database, worker):
        actors.nothing.send(1)
        claim_all(database, worker)
        assert recover_lost(database, worker) == 1
        assert (job().status, job().tries_spent, job().losses, job().error_class) == ("queued", 0, 1, "WorkerLost")
        assert Attempt.objects.get().outcome == "lost"

    def test_what_is_known_not_to_have_begun_goes_back_free(self, database, worker):
        actors.nothing.send(1)
        actors.nothing.send(2)
        first, second = claim_all(database, worker)
        assert recover_lost(database, worker, {(first.id, first.claim_no), (second.id, second.claim_no - 1)}) == 2
        assert list(Job.objects.order_by("id").values_list("status", "losses")) == [("queued", 1), ("queued", 0)]
        assert str(Attempt.objects.get().job_id) == first.id

    def test_a_job_that_is_lost_too_often_is_dead(self, database, worker):
        actors.nothing.send(1)
        for _ in range(MOST_LOSSES):
            assert job().status == "queued"
            claim_all(database, worker)
            recover_lost(database, worker)
        assert (job().status, job().losses, job().tries_spent) == ("dead", MOST_LOSSES, 0)
        assert Attempt.objects.filter(outcome="lost").count() == MOST_LOSSES

    def test_a_dead_one_that_a_person_retries_begins_anew(self, database, worker):
        actors.nothing.send(1)
        Job.objects.update(status="dead", losses=MOST_LOSSES)
        assert interventions.retry(job().pk)
        claim_all(database, worker)
        recover_lost(database, worker)
        assert job().status == "queued"
