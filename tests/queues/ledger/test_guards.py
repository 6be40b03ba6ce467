"""What keeps a claimed job from starting: keys, order, places, limits, expiry, a younger copy."""

import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from askpro.queues import Batch, batches, chain, interventions, once, wake
from askpro.queues.chores import promotion
from askpro.queues.jobs.once import OutsideTransaction
from askpro.queues.ledger import claim, limits
from askpro.queues.ledger.database import DjangoConnection
from askpro.queues.ledger.outcome import decide, released
from askpro.queues.models import Job, Lock, RateLimit, UniqueKey
from askpro.queues.plain import WITHHELD
from askpro.queues.testing import run_jobs
from tests.locks import somebody_holds, somebody_waits
from tests.queues import actors
from tests.queues.ledger.test_settle import claim_all, settle_all
from tests.queues.queues_run import wait_until

pytestmark = [pytest.mark.django_db, pytest.mark.no_processes, pytest.mark.also_without_redis]


def statuses():
    return list(Job.objects.order_by("id").values_list("status", flat=True))


def run_and_wake():
    """Run jobs until the chores, too, find none that may run."""
    with connection.cursor() as cursor:
        while run_jobs() or promotion.free_locks(DjangoConnection(cursor)):
            pass


def ordered_one():
    return actors.ordered.message(key="a", number=1)


# Chains that wait for a person, each with an ordered step that they do not come to.
HALTED = (
    lambda: [actors.last_chance.message(), ordered_one()],
    lambda: [Batch([actors.last_chance.message()]), ordered_one()],
    lambda: [actors.last_chance.message(), Batch([[ordered_one()]])],
    lambda: [
        Batch([[actors.last_chance.message(), ordered_one()], actors.waits.message(call_id=1)], allow_failures=True)
    ],
)


class TestInOrder:
    def test_a_later_job_waits_while_an_earlier_one_is_unfinished(self, effects):
        actors.ordered.send(key="a", number=1, fails=True)
        actors.ordered.send(key="a", number=2)
        actors.ordered.send(key="b", number=3)
        run_jobs()
        assert statuses() == ["retrying", "released", "completed"]
        assert Lock.objects.filter(key="order:a").exists()
        Job.objects.filter(status="retrying").update(kwargs={"key": "a", "number": 1})
        run_jobs(due_or_not=True)
        assert effects() == ["ordered b 3", "ordered a 1", "ordered a 2"]
        assert not Lock.objects.exists()

    def test_a_dead_job_opens_its_key(self, effects):
        actors.ordered.send_with_options(kwargs={"key": "a", "number": 1, "fails": True}, max_retries=0)
        actors.ordered.send(key="a", number=2)
        run_jobs()
        assert statuses() == ["dead", "completed"]

    def test_order_is_the_order_of_sending_even_when_a_later_one_is_claimed_first(self, effects):
        for number in range(6):
            actors.ordered.send(key="a", number=number)
        Job.objects.filter(kwargs__number=0).update(ready_at=datetime.now(UTC) + timedelta(seconds=5))
        run_jobs()
        assert effects() == [f"ordered a {number}" for number in range(6)]

    def test_a_step_that_its_chain_will_come_to_is_waited_for(self, effects):
        chain([actors.waits.message(call_id=1), actors.ordered.message(key="a", number=1)]).send()
        actors.ordered.send(key="a", number=2)
        run_jobs()
        assert effects() == []
        Job.objects.filter(actor_name="waits").update(actor_name="tagged")
        run_jobs(due_or_not=True)
        assert Job.objects.get(kwargs__number=1).status == "completed"

    @pytest.mark.parametrize("halted", HALTED)
    def test_a_step_that_its_halted_chain_keeps_waiting_holds_nobody_up(self, effects, halted):
        chain(halted()).send()
        actors.ordered.send(key="a", number=2)
        run_and_wake()
        assert effects() == ["ordered a 2"]

    def test_a_member_that_is_added_does_not_wait_for_a_step_behind_its_batch(self, effects):
        batch = Batch([actors.waits.message(call_id=1)])
        chain([batch, actors.ordered.message(key="a", number=1)]).send()
        batches.add(batch.id, [actors.ordered.message(key="a", number=2)])
        run_jobs()
        assert effects() == ["ordered a 2"]

    def test_two_chains_that_would_wait_for_each_other_both_come_to_their_end(self, effects):
        """The later one waits for a step of the other, whose batch was given a member that would wait for the later."""
        batch = Batch([actors.nothing.message(1)])
        chain([batch, actors.ordered.message(key="a", number=1)]).send()
        chain([actors.ordered.message(key="a", number=number) for number in (2, 3)]).send()
        batches.add(batch.id, [actors.ordered.message(key="a", number=4)])
        run_and_wake()
        assert sorted(effects()) == [f"ordered a {number}" for number in (1, 2, 3, 4)]

    def test_a_chain_may_take_the_same_key_in_any_order(self, effects):
        first, second = (actors.ordered.message(key="a", number=number) for number in (1, 2))
        chain([second, first]).send()
        run_jobs()
        assert effects() == ["ordered a 2", "ordered a 1"]


class TestConcurrency:
    @pytest.mark.django_db(transaction=True)
    def test_at_most_so_many_hold_a_place_and_the_next_follows(self, database):
        from askpro.queues.ledger import locks

        for number in range(5):
            actors.two_at_once.send(company_id=1, number=number)
        actors.two_at_once.send(company_id=2, number=9)
        may, full = locks.acquire(database, claim_all(database))
        assert [claim.kwargs["number"] for claim in may] == [0, 1, 9]
        assert len(full) == 3

    def test_all_of_them_run_in_the_end(self):
        for number in range(5):
            actors.two_at_once.send(company_id=1, number=number)
        run_jobs()
        assert statuses() == ["completed"] * 5
        assert not Lock.objects.exists()


class TestUniqueBy:
    def test_a_second_copy_is_not_written_and_send_returns_the_first(self):
        first = actors.unique.send(company_id=1)
        second = actors.unique.send(company_id=1)
        other = actors.unique.send(company_id=2)
        assert second.message_id == first.message_id != other.message_id
        assert Job.objects.count() == 2

    def test_sending_again_brings_a_scheduled_copy_forward(self):
        first = actors.unique.send_with_options(kwargs={"company_id": 1}, delay=timedelta(hours=1))
        actors.unique.send_with_options(kwargs={"company_id": 1}, delay=timedelta(hours=2))
        assert Job.objects.get().run_at < datetime.now(UTC) + timedelta(minutes=61)
        actors.unique.send_with_options(kwargs={"company_id": 1}, delay=timedelta(seconds=10))
        assert Job.objects.get().run_at < datetime.now(UTC) + timedelta(seconds=11)
        actors.unique.send(company_id=1)
        job = Job.objects.get()
        assert (str(job.pk), job.status) == (first.message_id, "queued")

    def test_a_running_copy_does_not_keep_a_new_one_away(self):
        actors.unique.send(company_id=1)
        Job.objects.update(status="processing", worker_id=1)
        actors.unique.send(company_id=1)
        assert Job.objects.count() == 2

    def test_a_copy_that_comes_back_and_finds_a_younger_one_ends_superseded(self):
        actors.unique.send(company_id=1)
        Job.objects.update(status="processing", worker_id=1)
        actors.unique.send(company_id=1)
        Job.objects.filter(status="processing").update(status="queued", worker_id=None)
        run_jobs()
        assert statuses() == ["cancelled", "completed"]
        assert Job.objects.get(status="cancelled").error_class == "Superseded"

    def test_the_key_is_forgotten_when_its_job_is_over(self, database):
        from askpro.queues.chores import promotion

        actors.unique.send(company_id=1)
        run_jobs()
        assert UniqueKey.objects.exists()

        class InTransaction:
            @staticmethod
            def rows(statement):
                with connection.cursor() as cursor:
                    cursor.execute(statement)

        promotion.sweep_unique_keys(InTransaction())
        assert not UniqueKey.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_the_standing_copy_cannot_start_before_the_senders_transaction_has_ended(self, database):
        actors.unique.send(company_id=1)
        with transaction.atomic():
            actors.unique.send(company_id=1)
            assert claim_all(database) == []
        assert len(claim_all(database)) == 1


class TestRateLimits:
    @given(rate=st.integers(1, 500), period=st.floats(0.5, 3600), start=st.floats(0, 1), late=st.floats(0, 1))
    def test_no_window_ever_holds_more_than_the_rate(self, rate, period, start, late):
        space = limits.spacing(rate, period)
        times = [n * space.seconds + (late * space.tolerance if n % 2 == 0 else 0) for n in range(2 * rate + 3)]
        begin = times[int(start * (rate - 1))]
        assert sum(begin <= moment < begin + period for moment in times) <= rate
        assert space.seconds * rate < period * 2.1

    def test_jobs_that_are_claimed_together_have_slots_one_after_the_other(self):
        for _ in range(4):
            actors.limited.send()
        own = DjangoConnection(connection.cursor())
        may, later = limits.sort_out(own, claim_all(own))
        space = limits.spacing(10, 60.0).seconds
        assert len(may) == 1
        slots = [outcome.slot_in for _, outcome in later]
        assert slots == pytest.approx([space, 2 * space, 3 * space], abs=0.5)
        assert limits.draw(own, "testing", 1) == pytest.approx([4 * space], abs=1)

    def test_a_limit_that_this_release_does_not_know_keeps_only_its_own_jobs_waiting(self):
        actors.nothing.send(1)
        actors.nothing.send(2)
        Job.objects.filter(args=[1]).update(rate_limit="of a newer release")
        assert run_jobs() == [("nothing", "completed")]
        job = Job.objects.get(args=[1])
        assert (job.status, job.tries_spent) == ("released", 0)
        assert "of a newer release" in job.release_reason

    def test_each_waiting_job_has_a_slot_of_its_own_and_spends_no_try(self):
        for _ in range(4):
            actors.limited.send()
        run_jobs()
        waiting = Job.objects.filter(status="released").order_by("rate_slot_at")
        assert waiting.count() == 3
        slots = [job.rate_slot_at for job in waiting]
        gaps = [(b - a).total_seconds() for a, b in pairwise(slots)]
        assert all(gap > 5.9 for gap in gaps)
        assert set(waiting.values_list("tries_spent", "release_reason")) == {(0, "waits for its rate limit")}
        assert RateLimit.objects.get().name == "testing"

    def test_whoever_stands_behind_the_limits_name_has_one_alone(self):
        for company in ("birke", "birke", "esche", "x" * 300):
            actors.limited_for.send(company)
        run_jobs()
        held = Job.objects.filter(status="released").values_list("args", flat=True)
        assert list(held) == [["birke"]]
        names = set(RateLimit.objects.values_list("name", flat=True))
        assert {"testing:birke", "testing:esche"} < names and len(names) == 3

    def test_a_job_that_missed_its_slot_draws_another(self):
        actors.limited.send()
        Job.objects.update(rate_slot_at=datetime.now(UTC) - timedelta(minutes=1))
        RateLimit.objects.create(name="testing", next_at=datetime.now(UTC) + timedelta(minutes=1))
        run_jobs()
        assert Job.objects.get().status == "released"


class TestExpiry:
    def test_a_job_is_cancelled_when_its_moment_has_passed(self):
        actors.nothing.send_with_options(args=(1,), expires=datetime.now(UTC) - timedelta(seconds=1))
        actors.nothing.send_with_options(args=(2,), expires=timedelta(minutes=1))
        run_jobs()
        assert statuses() == ["cancelled", "completed"]

    def test_a_waiting_job_is_cancelled_without_being_claimed(self):
        actors.nothing.send_with_options(args=(1,), delay=60_000, expires=datetime.now(UTC) - timedelta(seconds=1))
        assert interventions.end_expired() == 1
        assert statuses() == ["cancelled"]


class TestDeadline:
    def test_waiting_past_the_deadline_ends_dead_with_the_last_real_error(self):
        actors.fails.send("the real one")
        run_jobs()
        Job.objects.update(deadline_at=datetime.now(UTC) - timedelta(seconds=1))
        assert interventions.end_overdue() == 1
        job = Job.objects.get()
        assert (job.status, job.error_class, job.error_message) == ("dead", "ValueError", WITHHELD)


class TestOnce:
    def test_only_the_first_gets_the_effect(self):
        with transaction.atomic():
            assert once("mail:1")
            assert not once("mail:1")
            assert once("mail:2")

    @pytest.mark.django_db(transaction=True)
    def test_a_rolled_back_effect_is_free_again(self):
        with pytest.raises(RuntimeError), transaction.atomic():
            assert once("mail:1")
            raise RuntimeError
        with transaction.atomic():
            assert once("mail:1")

    @pytest.mark.django_db(transaction=True)
    def test_it_refuses_to_claim_an_effect_outside_of_a_transaction(self):
        with pytest.raises(OutsideTransaction):
            once("mail:1")


class TestCancelling:
    def test_a_tags_unfinished_jobs_are_cancelled_and_running_ones_interrupted(self):
        actors.tagged.send(call_id=1)
        actors.tagged.send_with_options(kwargs={"call_id": 1}, delay=60_000)
        actors.tagged.send(call_id=2)
        running = actors.tagged.send(call_id=1)
        Job.objects.filter(pk=running.message_id).update(status="processing", worker_id=1)
        assert interventions.cancel_tagged("call:1") == 3
        assert statuses() == ["cancelled", "cancelled", "queued", "processing"]
        assert Job.objects.get(pk=running.message_id).cancel_at is not None

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("status", ["queued", "processing"])
    def test_a_row_that_somebody_holds_for_a_moment_is_waited_for(self, status):
        message = actors.nothing.send(1)
        Job.objects.update(status=status)
        answers = []

        def cancel():
            answers.append(interventions.cancel(message.message_id))
            connection.close()

        with somebody_holds("SELECT 1 FROM queues_job FOR NO KEY UPDATE"):
            canceller = threading.Thread(target=cancel)
            canceller.start()
            assert wait_until(somebody_waits, 5)
        canceller.join()
        assert answers == [True]
        job = Job.objects.get()
        assert job.status == "cancelled" or job.cancel_at is not None

    @pytest.mark.django_db(transaction=True)
    def test_cancelling_a_member_meets_the_first_failure_in_no_deadlock(self, database, monkeypatch):
        Batch([actors.nothing.message(number) for number in (1, 2)]).send()
        (failing,) = claim_all(database, limit=1)
        waiting = Job.objects.get(status="queued")
        take = claim.take_where
        dead = decide(ValueError("no"), tries_left=0, tries_spent=0, backoff=())
        settler = threading.Thread(target=settle_all, args=(database, [failing], dead))

        def take_and_meet(*args):
            taken = take(*args)
            settler.start()
            assert wait_until(somebody_waits, 5)
            return taken

        monkeypatch.setattr(claim, "take_where", take_and_meet)
        assert interventions.cancel(waiting.pk)
        settler.join()
        assert statuses() == ["dead", "cancelled"]

    def test_a_job_that_was_to_be_interrupted_and_came_back_is_not_run_again(self):
        actors.step.send(name="x")
        Job.objects.update(cancel_at=datetime.now(UTC))
        run_jobs()
        assert statuses() == ["cancelled"]


def test_waiting_costs_no_time_of_a_worker():
    began = time.monotonic()
    for _ in range(20):
        actors.limited.send()
    run_jobs()
    assert time.monotonic() - began < 5


@pytest.mark.django_db(transaction=True)
def test_a_release_that_is_settled_while_somebody_wakes_it_is_not_slept_through():
    actors.waits.send(call_id=1)
    claims = claim_all(DjangoConnection(connection.cursor()))
    waker = threading.Thread(target=lambda: (wake(actors.waits, "call:1"), connection.close()))
    with transaction.atomic():
        settle_all(DjangoConnection(connection.cursor()), claims, released(60, "not yet"))
        # It sees the job run, and waits for its outcome.
        waker.start()
        assert wait_until(somebody_waits, 5)
    waker.join()
    assert statuses() == ["queued"]
