"""Batches and chains: counted exactly, called back once, resumed where they stopped."""

import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from askpro.queues import Batch, batches, chain, chains, interventions
from askpro.queues.ledger.current import current
from askpro.queues.ledger.database import DjangoConnection
from askpro.queues.ledger.outcome import decide
from askpro.queues.models import Batch as Row
from askpro.queues.models import Job, Lock
from askpro.queues.testing import run_jobs
from tests.locks import somebody_waits
from tests.queues import actors
from tests.queues.ledger.test_settle import claim_all, settle_all
from tests.queues.queues_run import wait_until

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_redis]


def callbacks():
    return {
        "on_success": actors.step.message(name="success"),
        "on_failure": actors.step.message(name="failure"),
        "on_finish": actors.step.message(name="finish"),
    }


def good(number=1):
    return [actors.nothing.message(n) for n in range(number)]


def bad():
    return actors.last_chance.message()


def state():
    row = Row.objects.get()
    return row.status, row.total, row.pending, row.failed


def repair():
    """From now on the jobs that failed will work."""
    Job.objects.filter(actor_name="last_chance").update(actor_name="nothing")


class TestBatches:
    def test_success_and_finish_are_called_once_when_all_have_completed(self, effects):
        Batch(good(3), name="import", **callbacks()).send()
        assert state() == ("open", 3, 3, 0)
        run_jobs()
        assert state() == ("finished", 3, 0, 0)
        assert sorted(effects()) == ["finish", "success"]

    def test_a_copy_that_waits_elsewhere_stands_for_no_member(self):
        actors.unique.send(company_id=1)
        Batch([actors.unique.message(company_id=1), actors.unique.message(company_id=1)]).send()
        run_jobs()
        assert state() == ("finished", 2, 0, 0)

    def test_every_row_is_visible_before_it_runs(self):
        Batch(good(2), **callbacks()).send()
        assert Job.objects.filter(status="waiting").count() == 3

    def test_a_failure_cancels_what_has_not_begun_and_is_called_back_at_once(self, effects):
        Batch([bad(), *good(3)], **callbacks()).send()
        run_jobs()
        assert state() == ("finished", 4, 0, 4)
        assert sorted(effects()) == ["failure", "finish"]
        assert Job.objects.filter(error_class="BatchCancelled").count() == 3

    def test_failures_are_tolerated_when_allowed(self, effects):
        Batch([bad(), *good(3), bad()], allow_failures=True, **callbacks()).send()
        run_jobs()
        assert state() == ("finished", 5, 0, 2)
        assert sorted(effects()) == ["failure", "finish"]
        assert Job.objects.filter(status="completed", actor_name="nothing").count() == 3

    def test_an_empty_batch_is_over_at_once(self, effects):
        Batch([], **callbacks()).send()
        assert state() == ("finished", 0, 0, 0)
        run_jobs()
        assert sorted(effects()) == ["finish", "success"]
        assert not Job.objects.filter(status="waiting").exists()

    def test_members_can_be_added_from_inside(self, effects):
        batch = Batch([actors.spreads.message(2)], **callbacks())
        batch.send()
        batches.add(batch.id, [actors.nothing.message(2), [actors.nothing.message(3), actors.nothing.message(4)]])
        assert state() == ("open", 3, 3, 0)
        run_jobs()
        assert state() == ("finished", 5, 0, 0)
        assert sorted(effects()) == ["finish", "spread 0", "spread 1", "success"]
        assert batches.current_id() is None
        with pytest.raises(batches.BatchIsOver):
            batches.add(batch.id, good())

    def test_retrying_the_failed_ones_is_a_new_generation_with_its_own_callbacks(self, effects):
        batch = Batch([bad(), *good(2)], **callbacks())
        batch.send()
        run_jobs()
        repair()
        assert interventions.retry_batch(batch.id) == 3
        run_jobs()
        assert state() == ("finished", 3, 0, 0)
        assert Row.objects.get().generation == 2
        assert sorted(effects()) == ["failure", "finish", "finish", "success"]

    def test_a_member_that_the_first_failure_cancels_keeps_no_ordered_key(self, effects):
        Batch([actors.ordered.message(key="a", number=1, fails=True), actors.fails.message()]).send()
        run_jobs()
        assert Lock.objects.get().job_id == Job.objects.get(actor_name="ordered").pk
        Job.objects.filter(actor_name="fails").update(status="queued", tries_spent=3)
        run_jobs()
        assert set(Job.objects.values_list("status", flat=True)) == {"cancelled", "dead"}
        assert not Lock.objects.exists()
        actors.ordered.send(key="a", number=2)
        run_jobs()
        assert effects() == ["ordered a 2"]

    def test_the_callbacks_of_a_new_generation_know_nothing_of_the_runs_of_the_old(self):
        batch = Batch([bad()], on_finish=actors.nothing.message(1))
        batch.send()
        run_jobs()
        repair()
        ended = Job.objects.filter(pk=Row.objects.get().on_finish_id)
        long_ago = timezone.now() - timedelta(days=3)
        ended.update(losses=2, releases=5, cancel_at=long_ago, created_at=long_ago, progress_done=7)
        assert interventions.retry_batch(batch.id) == 1
        fresh = Job.objects.get(pk=Row.objects.get().on_finish_id)
        assert (fresh.status, fresh.losses, fresh.releases, fresh.cancel_at) == ("waiting", 0, 0, None)
        assert (fresh.claim_no, fresh.progress_done, fresh.actor_name, fresh.args) == (0, None, "nothing", [1])
        assert timedelta(hours=23, minutes=59) < fresh.deadline_at - fresh.created_at <= timedelta(hours=24)

    def test_retrying_one_dead_member_reopens_the_batch(self, effects):
        Batch([bad(), *good(2)], allow_failures=True, **callbacks()).send()
        run_jobs()
        repair()
        assert interventions.retry(Job.objects.get(status="dead").pk)
        assert state() == ("open", 3, 1, 0)
        run_jobs()
        assert sorted(effects()) == ["failure", "finish", "finish", "success"]

    def test_a_cancelled_batch_calls_finish_and_not_success(self, effects):
        batch = Batch([*good(3), good(2)], **callbacks())
        batch.send()
        assert interventions.cancel_batch(batch.id) == 5
        assert interventions.cancel_batch(batch.id) == 0
        run_jobs()
        assert state() == ("cancelled", 4, 0, 4)
        assert sorted(effects()) == ["failure", "finish"]

    def test_a_chain_inside_is_one_member(self, effects):
        Batch([good(3), actors.nothing.message(9)], **callbacks()).send()
        assert state() == ("open", 2, 2, 0)
        run_jobs()
        assert state() == ("finished", 2, 0, 0)

    def test_a_step_that_a_chain_inside_appends_belongs_to_the_batch(self, effects):
        Batch([[actors.grows.message(names=["one", "two"])], *good(1)], **callbacks()).send()
        run_jobs()
        assert state() == ("finished", 2, 0, 0)
        assert effects()[:2] == ["one", "two"]
        assert set(Job.objects.filter(kwargs__name="two").values_list("batch_id", flat=True)) == {Row.objects.get().pk}

    def test_nothing_can_be_added_once_it_has_failed(self):
        batch = Batch([bad(), actors.slow.message(1)])
        batch.send()
        Job.objects.filter(actor_name="slow").update(status="processing", worker_id=5)
        run_jobs()
        assert state() == ("open", 2, 1, 1)
        with pytest.raises(batches.BatchIsOver):
            batches.add(batch.id, good())

    def test_members_added_before_its_chain_comes_to_it_wait_with_the_others(self, effects):
        inner = Batch([actors.step.message(name="member")])
        chain([actors.step.message(name="before"), inner]).send()
        batches.add(inner.id, [actors.step.message(name="member")])
        run_jobs()
        assert effects() == ["before", "member", "member"]

    def test_a_dead_step_ends_its_chain_as_one_failure_and_a_retry_resumes_there(self, effects):
        steps = [actors.step.message(name="first"), bad(), actors.step.message(name="last")]
        batch = Batch([steps, *good(1)], allow_failures=True, **callbacks())
        batch.send()
        run_jobs()
        assert state() == ("finished", 2, 0, 1)
        repair()
        assert interventions.retry(Job.objects.get(status="dead").pk)
        run_jobs()
        assert state() == ("finished", 2, 0, 0)
        assert effects().count("first") == 1
        assert effects().count("last") == 1

    @settings(max_examples=60, deadline=None)
    @given(
        shape=st.lists(st.lists(st.booleans(), min_size=1, max_size=3), max_size=5),
        allow_failures=st.booleans(),
    )
    def test_the_counters_are_exact_whatever_the_batch_holds(self, shape, allow_failures):
        Row.objects.all().delete()
        Job.objects.all().delete()
        members = [[actors.nothing.message() if fine else bad() for fine in steps] for steps in shape]
        Batch(members, allow_failures=allow_failures, **callbacks()).send()
        run_jobs()
        status, total, pending, failed = state()
        broken = sum(not all(steps) for steps in shape)
        assert (status, total, pending) == ("finished", len(shape), 0)
        assert failed == broken if allow_failures else (failed > 0) == (broken > 0)
        called = Job.objects.filter(actor_name="step", status="completed").values_list("kwargs__name", flat=True)
        assert sorted(called) == (["failure", "finish"] if broken else ["finish", "success"])
        halted = Job.objects.filter(status="waiting", chain_step__gt=0)
        assert not Job.objects.filter(status="waiting").exclude(pk__in=halted).exists()


class TestChains:
    def test_catch_is_called_when_a_step_is_dead_and_only_then(self, effects):
        chain(
            [actors.nothing.message(), bad(), actors.step.message(name="last")], catch=actors.step.message(name="catch")
        ).send()
        run_jobs()
        assert effects() == ["catch"]
        repair()
        assert interventions.retry(Job.objects.get(status="dead").pk)
        run_jobs()
        assert effects() == ["catch", "last"]

    def test_a_copy_that_waits_elsewhere_stands_for_no_step(self, effects):
        actors.unique.send(company_id=1)
        chain([actors.nothing.message(), actors.unique.message(company_id=1), actors.step.message(name="last")]).send()
        run_jobs()
        assert effects() == ["last"]

    @pytest.mark.parametrize(("member", "caught"), [(bad, ["catch"]), (good, [])])
    def test_catch_waits_for_a_batch_at_the_end(self, effects, member, caught):
        members = member() if isinstance(member(), list) else [member()]
        chain([actors.nothing.message(), Batch(members)], catch=actors.step.message(name="catch")).send()
        run_jobs()
        assert effects() == caught
        assert not Job.objects.filter(status__in=Job.LIVE).exists()

    def test_catch_is_needless_when_the_batch_at_the_end_is_empty(self, effects):
        chain([actors.nothing.message(), Batch([])], catch=actors.step.message(name="catch")).send()
        run_jobs()
        assert effects() == []
        assert not Job.objects.filter(status__in=Job.LIVE).exists()

    def test_what_is_appended_behind_a_batch_waits_for_it(self, effects):
        chain([actors.appends.message(names=["appended"]), Batch([actors.fails.message()])]).send()
        run_jobs()
        assert effects() == []
        Job.objects.filter(actor_name="fails").update(actor_name="nothing", args=[1])
        run_jobs(due_or_not=True)
        assert effects() == ["appended"]

    def test_a_batch_has_its_whole_time_from_its_start_on(self):
        chain([actors.nothing.message(1), Batch([actors.nothing.message(2)])]).send()
        day = timedelta(days=1, hours=1)
        Job.objects.update(created_at=F("created_at") - day, deadline_at=F("deadline_at") - day)
        Job.objects.filter(chain_step=0).update(deadline_at=None)
        run_jobs()
        assert not Job.objects.exclude(status="completed").exists()

    def test_a_batch_that_a_cancelled_chain_never_comes_to_is_cancelled(self, effects):
        chain([actors.finds_nothing.message(), Batch(good(2), **callbacks())]).send()
        run_jobs()
        row = Row.objects.get()
        assert (row.status, row.pending, row.failed) == ("cancelled", 0, 2)
        assert sorted(effects()) == ["failure", "finish"]
        assert not Job.objects.filter(status__in=Job.LIVE).exists()

    def test_a_step_does_not_wait_for_what_waits_for_it(self, effects):
        catch, finish = (actors.ordered.message(key="a", number=number) for number in (90, 91))
        steps = [actors.ordered.message(key="a", number=number) for number in (2, 1)]
        chain(
            [*reversed(steps), Batch([actors.ordered.message(key="a", number=3)], on_finish=finish)], catch=catch
        ).send()
        run_jobs()
        assert effects() == ["ordered a 1", "ordered a 2", "ordered a 3", "ordered a 91"]

    def test_a_catch_that_is_not_needed_is_cancelled_with_the_last_step(self, effects):
        chain(good(2), catch=actors.step.message(name="catch")).send()
        run_jobs()
        assert effects() == []
        assert Job.objects.get(chain_step=-1).status == "cancelled"

    def test_a_batch_in_a_chain_is_through_when_all_its_members_are(self, effects):
        inner = Batch([actors.step.message(name="member") for _ in range(3)])
        chain([actors.step.message(name="before"), inner, actors.step.message(name="after")]).send()
        run_jobs()
        assert effects() == ["before", "member", "member", "member", "after"]

    def test_an_empty_batch_in_a_chain_lets_it_go_on(self, effects):
        chain([actors.step.message(name="before"), Batch([]), actors.step.message(name="after")]).send()
        run_jobs()
        assert effects() == ["before", "after"]

    def test_a_failed_batch_halts_its_chain(self, effects):
        chain([Batch([bad()]), actors.step.message(name="after")], catch=actors.step.message(name="catch")).send()
        run_jobs()
        assert effects() == ["catch"]
        repair()
        assert interventions.retry_batch(Row.objects.get().pk) == 1
        run_jobs()
        assert effects() == ["catch", "after"]

    def test_steps_can_be_appended_from_inside(self, effects):
        chain([actors.appends.message(names=["three", "four"]), actors.step.message(name="two")]).send()
        run_jobs()
        assert effects() == ["two", "three", "four"]

    def test_what_is_appended_to_a_chain_that_was_cancelled_is_cancelled(self):
        chain([actors.nothing.message(1), actors.nothing.message(2)]).send()
        with appending() as claim:
            assert interventions.cancel(Job.objects.get(chain_step=1).pk)
            chains.append([actors.nothing.message(3), actors.nothing.message(4)])
        with connection.cursor() as cursor:
            settle_all(DjangoConnection(cursor), [claim])
        assert states() == ["completed", "cancelled", "cancelled", "cancelled"]

    def test_so_it_is_in_a_batch_which_then_ends(self):
        Batch([[actors.nothing.message(1), actors.nothing.message(2)]], **callbacks()).send()
        with appending() as claim:
            assert interventions.cancel(Job.objects.get(chain_step=1).pk)
            chains.append([actors.nothing.message(3)])
        with connection.cursor() as cursor:
            settle_all(DjangoConnection(cursor), [claim])
        assert (Row.objects.get().pending, Row.objects.get().failed) == (0, 1)
        assert not Job.objects.filter(status="waiting").exists()

    def test_only_a_step_of_a_chain_can_append(self):
        with pytest.raises(chains.NotInChain):
            chains.append(good())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("of_a_batch", [False, True])
def test_who_cancels_a_chain_while_a_step_is_appended_cancels_that_step_too(of_a_batch):
    steps = [actors.nothing.message(1), actors.nothing.message(2)]
    Batch([steps]).send() if of_a_batch else chain(steps).send()
    second = Job.objects.get(chain_step=1).pk
    cancelling = threading.Thread(target=in_a_thread, args=(lambda: interventions.cancel(second),))
    with appending(), transaction.atomic():
        chains.append([actors.nothing.message(3)])
        cancelling.start()
        assert wait_until(somebody_waits, 10)
    cancelling.join()
    assert states() == ["processing", "cancelled", "cancelled"]


def in_a_thread(act):
    try:
        act()
    finally:
        connection.close()


@contextmanager
def appending():
    """The first step runs."""
    with connection.cursor() as cursor:
        (current.claim,) = claim_all(DjangoConnection(cursor))
    try:
        yield current.claim
    finally:
        current.claim = None


def states():
    return list(Job.objects.order_by("id").values_list("status", flat=True))


@pytest.mark.django_db(transaction=True)
def test_two_members_that_are_over_at_the_same_moment_are_counted_one_after_the_other(database):
    """One fails and cancels the rest; the other is a step whose next one is cancelled: the chain is over after both."""
    Batch([bad(), [actors.nothing.message(1), actors.nothing.message(2)]], **callbacks()).send()
    failing, stepping = sorted(claim_all(database), key=lambda claim: claim.actor_name)
    dead = decide(ValueError("no"), tries_left=0, tries_spent=0, backoff=())
    settler = threading.Thread(target=settle_all, args=(database, [stepping]))
    with transaction.atomic():
        settle_all(DjangoConnection(connection.cursor()), [failing], dead)
        settler.start()
        assert wait_until(somebody_waits, 5)
    settler.join()
    assert state() == ("finished", 2, 0, 2)
    assert Job.objects.get(kwargs={"name": "finish"}).status == "queued"
