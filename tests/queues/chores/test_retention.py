"""What is over is kept for as long as RETENTION says, and not much longer."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone
from dramatiq import get_broker
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from askpro.queues import Batch, chain, interventions
from askpro.queues.chores import prune, retention
from askpro.queues.chores.retention import DayWalk, Keeper, Walk, cancel_waiting, drop_days, everything
from askpro.queues.chores.retention_sql import AT_ONCE, SHELVES, params_of, shelf_of_day
from askpro.queues.config import FOR_EVER, Retention
from askpro.queues.config import retention as retention_settings
from askpro.queues.ledger import history
from askpro.queues.ledger.database import DjangoConnection, EngineConnection
from askpro.queues.metrics import fold, job_figures, rollup
from askpro.queues.models import (
    ArchivedJob,
    AttemptRow,
    BatchMember,
    Effect,
    FleetCommand,
    FleetEvent,
    GateState,
    Job,
    MetricDay,
    MetricFold,
    MetricHour,
    MetricMinute,
    MetricsSnapshot,
    Schedule,
    ScheduledTick,
    Supervisor,
    Worker,
)
from askpro.queues.models import Batch as BatchRow
from tests.locks import somebody_holds
from tests.queues import actors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_processes]
DAY = 24 * 60
KEPT = Retention(completed=10 * DAY, failed=20 * DAY, archived=40 * DAY, monitored=30 * DAY, recent=15 * DAY)


def test_nothing_is_deleted_unless_the_settings_say_so():
    over("completed", 10_000)
    over("dead", 10_000)
    assert everything(Retention()) == (0, 0)
    assert Job.objects.count() == 2


@pytest.mark.parametrize(
    ("status", "days", "is_kept"),
    [
        ("completed", 9, True),
        ("completed", 12, False),
        ("cancelled", 9, True),
        ("cancelled", 11, False),
        ("dead", 19, True),
        ("dead", 21, False),
        ("queued", 400, True),
        ("scheduled", 400, True),
        ("waiting", 400, True),
        ("processing", 400, True),
        ("retrying", 400, True),
        ("released", 400, True),
    ],
)
def test_a_job_is_kept_for_as_long_as_its_state_says(status, days, is_kept):
    over(status, days)
    everything(KEPT)
    assert Job.objects.exists() == is_kept
    assert ArchivedJob.objects.exists() == (status == "dead" and not is_kept)


class TestOtherMinutes:
    @pytest.mark.parametrize("status", ["completed", "dead"])
    def test_those_of_an_actor_come_before_those_of_its_queue(self, status):
        other = {"completed": 30, "failed": 60}
        for kept in (
            Retention(completed=DAY, failed=DAY, queues={"default": other}),
            Retention(completed=DAY, failed=DAY, actors={"nothing": other}, queues={"default": {"failed": FOR_EVER}}),
        ):
            job = over(status, 2 / 24)
            everything(kept)
            assert not Job.objects.filter(pk=job).exists()

    def test_jobs_of_others_stay_beside_them(self):
        gone, stays = over("completed", 3), over("completed", 3, actor_name="alone")
        everything(Retention(completed=10 * DAY, actors={"nothing": {"completed": DAY}}))
        assert {*Job.objects.values_list("pk", flat=True)} == {stays} and gone != stays

    def test_an_actor_whose_jobs_are_kept_longer_keeps_its_day(self):
        over("completed", 20)
        stays = over("completed", 20, actor_name="alone")
        everything(Retention(completed=10 * DAY, actors={"alone": {"completed": 60 * DAY}}))
        assert [*Job.objects.values_list("pk", flat=True)] == [stays]


class TestMonitoredTags:
    @pytest.mark.parametrize("status", ["completed", "dead", "cancelled"])
    def test_jobs_with_one_of_them_are_kept_longer(self, status):
        stays = over(status, 25, tags=["call:7", "x"]), over(status, 25, tags=["vip"])
        over(status, 25, tags=["caller:7"])
        over(status, 25, tags=["vip2"])
        over(status, 31, tags=["vip"])
        kept = Retention(10 * DAY, 20 * DAY, monitored=30 * DAY, monitored_tags=("call:*", "vip"))
        everything(kept)
        assert {*Job.objects.values_list("pk", flat=True)} == {*stays}

    def test_what_the_pattern_of_like_means_is_meant_literally(self):
        over("dead", 25, tags=["aXb"])
        everything(Retention(10 * DAY, 20 * DAY, monitored=30 * DAY, monitored_tags=("a_b", "%*")))
        assert not Job.objects.exists()


class TestDays:
    def test_one_of_which_nothing_is_kept_is_dropped_as_a_whole(self):
        over("completed", 12)
        young = over("completed", 9)
        assert day(12) in days()
        left = drop_days(KEPT)
        assert day(12) not in left and left == days()
        assert [*Job.objects.values_list("pk", flat=True)] == [young]
        assert tables("queues_gone_%") == []

    def test_those_of_today_and_yesterday_are_never_dropped(self):
        over("completed", 1)
        drop_days(Retention(completed=1))
        assert {day(0), day(1)} <= {*days()}

    def test_one_that_became_empty_is_dropped(self):
        over("completed", 5)
        kept = Retention(completed=100 * DAY, actors={"nothing": {"completed": DAY}})
        everything(kept)
        assert day(5) not in days()

    def test_one_that_is_not_empty_is_not_dropped_for_being_called_so(self):
        over("completed", 5)
        assert day(5) in drop_days(KEPT, empty=[day(5)])
        assert Job.objects.count() == 1

    def test_a_reader_is_waited_for_later_and_nobody_waits_behind_it(self):
        over("completed", 12)
        actors.nothing.send(1)
        with somebody_holds("SELECT count(*) FROM queues_job"):
            began = time.monotonic()
            assert day(12) in drop_days(KEPT)
            # A twentieth of a second, on a machine that is not busy.
            assert time.monotonic() - began < 2
            assert Job.objects.count() == 2
            history.prepare_days(DjangoConnection(connection.cursor()))
        assert day(12) not in drop_days(KEPT)

    def test_what_another_process_took_away_and_left_is_deleted(self):
        over("completed", 12)
        with connection.cursor() as cursor:
            cursor.execute(history.DETACH.format(table=history.table_of(day(12)), gone="queues_gone_2020_01_01"))
        drop_days(KEPT)
        assert tables("queues_gone_%") == []

    def test_one_that_another_process_has_dropped_stops_no_walk(self):
        kept = Retention(completed=100 * DAY, queues={"low": {"completed": 2 * DAY}})
        over("completed", 12)
        walk = DayWalk(day(12))
        drop_days(KEPT)
        assert walk.bite(kept) == 0
        assert not walk.is_due(kept)

    def test_attempts_of_its_jobs_go_after_it(self):
        job = over("completed", 12)
        attempt(job)
        kept = attempt(over("completed", 1))
        everything(KEPT)
        assert [*AttemptRow.objects.values_list("job_id", flat=True)] == [kept]


class TestWalkingADay:
    def test_it_is_walked_while_something_in_it_may_become_due(self):
        kept = Retention(completed=100 * DAY, queues={"low": {"completed": 2 * DAY}})
        assert not DayWalk(day(1)).is_due(kept)
        assert DayWalk(day(2)).is_due(kept)
        walk = DayWalk(day(4))
        assert walk.is_due(kept)
        over("completed", 4)
        walk.bite(kept)
        assert not walk.is_due(kept)

    def test_it_is_not_walked_for_jobs_that_go_with_it(self):
        assert not DayWalk(day(11)).is_due(KEPT)

    def test_one_that_is_still_in_transit_is_walked_again_after_a_rest(self):
        over("completed", 2)
        kept = Retention(completed=100 * DAY, queues={"low": {"completed": 2 * DAY}})
        walk = DayWalk(day(2))
        walk.bite(kept)
        assert not walk.is_due(kept)
        walk._rests_until = time.monotonic()
        assert walk.is_due(kept)


class TestDeadJobs:
    def test_are_archived_with_their_story(self):
        job = over("dead", 21, tags=["call:7"], error_class="builtins.ValueError", args=[7], kwargs={"call_id": 1})
        attempt(job)
        everything(KEPT)
        archived = ArchivedJob.objects.get()
        assert (archived.pk, archived.actor_name, archived.queue_name) == (job, "nothing", "default")
        assert (archived.tags, archived.error_class) == (["call:7"], "builtins.ValueError")
        assert (archived.story["args"], archived.story["kwargs"]) == ([7], {"call_id": 1})
        assert [(each["no"], each["outcome"]) for each in archived.story["attempts"]] == [(1, "failed")]
        assert not AttemptRow.objects.exists()

    def test_the_archive_is_kept_for_its_own_time(self):
        over("dead", 41)
        over("dead", 21)
        everything(KEPT)
        everything(KEPT)
        assert ArchivedJob.objects.count() == 1

    def test_one_that_is_being_retried_stays(self):
        job = over("dead", 21)
        with somebody_holds(f"SELECT 1 FROM queues_job_failed WHERE id = '{job}' FOR UPDATE"), short_patience():
            everything(KEPT)
            assert Job.objects.count() == 1
        assert interventions.retry(job)
        everything(KEPT)
        assert Job.objects.get().status == "queued"

    def test_one_that_is_gone_is_not_retried(self):
        job = over("dead", 21)
        everything(KEPT)
        assert not interventions.retry(job)

    def test_the_steps_behind_one_are_cancelled_with_the_reason(self):
        chain([actors.nothing.message(1), actors.nothing.message(2), actors.nothing.message(3)]).send()
        first, *others = Job.objects.order_by("chain_step").values_list("pk", flat=True)
        end(first, "dead", 21)
        everything(KEPT)
        ended = Job.objects.filter(status="cancelled", error_message="The step before it is no longer kept.")
        assert {*ended.values_list("pk", flat=True)} == {*others}

    def test_the_steps_of_a_chain_that_runs_again_are_not(self):
        chain([actors.nothing.message(1), actors.nothing.message(2)], catch=actors.nothing.message(3)).send()
        catch, first, second = Job.objects.order_by("chain_step").values_list("pk", flat=True)
        end(catch, "dead", 21)
        everything(KEPT)
        assert {*Job.objects.values_list("pk", "status")} == {(first, "queued"), (second, "waiting")}


class TestBatches:
    def test_go_when_what_failed_in_them_is_gone(self):
        batch = Batch([[actors.nothing.message(1)], actors.nothing.message(2)], allow_failures=True).send()
        first, second = Job.objects.order_by("pk").values_list("pk", flat=True)
        BatchMember.objects.create(chain_id=uuid4(), batch_id=batch, failed=False)
        end(first, "completed", 21)
        failed = end(second, "dead", 19)
        batch = aged_batch(batch, 21)
        Job.objects.filter(pk=failed).update(batch_id=batch)
        everything(KEPT)
        assert BatchRow.objects.count() == 1
        Job.objects.update(finished_at=ago(21), created_at=ago(21))
        everything(KEPT)
        everything(KEPT)
        assert (BatchRow.objects.count(), BatchMember.objects.count()) == (0, 0)

    def test_cancelled_members_stay_as_long_as_dead_ones(self):
        Batch([actors.nothing.message(1)]).send()
        member = end(Job.objects.get().pk, "cancelled", 19)
        everything(KEPT)
        assert Job.objects.get().pk == member

    @pytest.mark.parametrize(("next_step", "last_step"), [("queued", "waiting"), ("waiting", "cancelled")])
    def test_the_steps_behind_one_are_cancelled_unless_the_chain_goes_on(self, next_step, last_step):
        chain([Batch([actors.nothing.message(1)]), actors.nothing.message(2), actors.nothing.message(3)]).send()
        for gone in Job.objects.exclude(args__in=[[2], [3]]).values_list("pk", flat=True):
            end(gone, "completed", 21)
        Job.objects.filter(args=[2]).update(status=next_step)
        aged_batch(BatchRow.objects.get().pk, 21)
        everything(KEPT)
        assert not BatchRow.objects.exists()
        assert Job.objects.get(args=[3]).status == last_step

    def test_open_ones_stay(self):
        batch = Batch([actors.nothing.message(1)]).send()
        aged_batch(batch, 400, status="open")
        everything(KEPT)
        assert BatchRow.objects.count() == 1


class TestFigures:
    @pytest.mark.parametrize(
        ("late", "is_deleted"),
        [(timedelta(minutes=1), True), (timedelta(hours=2), False), (timedelta(hours=25), True)],
    )
    def test_nothing_goes_before_it_is_counted_for_a_day_at_most(self, late, is_deleted, monkeypatch):
        monkeypatch.setattr(retention, "retention", lambda: Retention(completed=60, failed=60, archived=60))
        over("dead", 1)
        fold.to_the_end()
        MetricFold.objects.update(counted_at=timezone.now() - late)
        Keeper().look()
        assert Job.objects.exists() != is_deleted

    @pytest.mark.parametrize("delete", [lambda: everything(KEPT), lambda: prune.forget(Job.objects.all())])
    def test_a_dead_job_that_is_deleted_has_arrived_all_the_same(self, delete):
        over("dead", 30)
        before = job_figures(ago(40), ago(0))
        delete()
        fold.to_the_end()
        assert not Job.objects.exists()
        assert [each.arrived for each in job_figures(ago(40), ago(0))] == [each.arrived for each in before] == [1]

    def test_a_minute_goes_after_it_was_added_to_its_hour(self):
        old = {"what": "completed", "queue_name": "low", "at": ago(3)}
        MetricMinute.objects.create(**old)
        kept = Retention(figures_by_minute=2 * DAY, figures_by_hour=10 * DAY)
        everything(kept)
        assert MetricMinute.objects.exists()
        rollup.look()
        everything(kept)
        assert not MetricMinute.objects.exists()
        assert MetricHour.objects.exists()

    @pytest.mark.parametrize(("days", "hours", "of_days"), [(9, 1, 1), (11, 0, 1), (21, 0, 0)])
    def test_hours_and_days_are_kept_longer(self, days, hours, of_days):
        for model in (MetricHour, MetricDay):
            model.objects.create(what="completed", queue_name="low", at=ago(days))
        everything(Retention(figures_by_hour=10 * DAY, figures_by_day=20 * DAY))
        assert (MetricHour.objects.count(), MetricDay.objects.count()) == (hours, of_days)


class TestWhatTheFleetLeaves:
    @pytest.mark.parametrize("days", [14, 16])
    def test_goes_after_a_time(self, days):
        stopped, alive = supervisor("dead", days), supervisor("running", days)
        worker(stopped, "dead", days)
        living = worker(alive, "running", days)
        MetricsSnapshot.objects.create(queue_name="low", ready=0, oldest=0, running=0)
        FleetEvent.objects.create(kind="command", text="x")
        FleetCommand.objects.create(supervisor=stopped, kind="stop")
        FleetCommand.objects.create(supervisor=alive, kind="stop", taken_at=ago(days))
        waits = FleetCommand.objects.create(supervisor=alive, kind="stop")
        for model in (MetricsSnapshot, FleetEvent, FleetCommand):
            model.objects.update(at=ago(days))
        GateState.objects.create(name="idle", full_at=ago(days))
        shut = GateState.objects.create(name="shut", full_at=ago(days), shut_since=ago(days))
        everything(KEPT)
        everything(KEPT)
        is_kept = days < 15
        every = (MetricsSnapshot, FleetEvent)
        assert [model.objects.exists() for model in every] == [is_kept] * 2
        assert (waits.pk in FleetCommand.objects.values_list("pk", flat=True)) and FleetCommand.objects.count() == (
            3 if is_kept else 1
        )
        assert living.pk in Worker.objects.values_list("pk", flat=True) and Worker.objects.count() == 1 + is_kept
        assert alive.pk in Supervisor.objects.values_list("pk", flat=True)
        assert Supervisor.objects.count() == 1 + is_kept
        assert GateState.objects.count() == 1 + is_kept and GateState.objects.filter(pk=shut.pk).exists()

    def test_a_worker_stays_as_long_as_the_jobs_that_it_ran(self):
        worker(supervisor("dead", 16), "dead", 16)
        everything(Retention(completed=17 * DAY, failed=20 * DAY, recent=15 * DAY))
        assert (Worker.objects.count(), Supervisor.objects.count()) == (1, 1)

    def test_of_an_entry_of_the_schedule_the_newest_tick_stays(self):
        often, seldom = (Schedule.objects.create(name=name, cron="* * * * *") for name in ("often", "seldom"))
        for schedule, days in ((often, 3), (often, 2), (often, 0), (seldom, 400), (seldom, 40)):
            ScheduledTick.objects.create(schedule=schedule, at=ago(days), sent_at=ago(days))
        everything(Retention(ticks=DAY))
        assert [tick.schedule for tick in ScheduledTick.objects.order_by("-at")] == [often, seldom]

    def test_effects_are_kept_for_ever_unless_said_otherwise(self):
        Effect.objects.create(key="a")
        Effect.objects.update(at=ago(400))
        everything(KEPT)
        assert Effect.objects.exists()
        everything(Retention(effects=DAY))
        assert not Effect.objects.exists()


class TestWaiting:
    def test_a_job_that_nobody_claims_is_cancelled_and_stays(self):
        actors.nothing.send(1)
        actors.nothing.send(2)
        old = Job.objects.order_by("pk").first()
        Job.objects.filter(pk=old.pk).update(ready_at=ago(2))
        assert cancel_waiting(Retention(pending=DAY)) == 1
        assert Counter(Job.objects.values_list("status", flat=True)) == {"cancelled": 1, "queued": 1}
        assert Job.objects.get(pk=old.pk).error_message == "Nobody claimed it."

    def test_a_queue_may_say_otherwise(self):
        actors.nothing.send(1)
        Job.objects.update(ready_at=ago(2))
        assert cancel_waiting(Retention(pending=DAY, queues={"default": {"pending": 3 * DAY}})) == 0
        assert cancel_waiting(Retention(queues={"default": {"pending": DAY}})) == 1

    def test_without_minutes_nobody_is_cancelled(self):
        actors.nothing.send(1)
        Job.objects.update(ready_at=ago(400))
        assert cancel_waiting(Retention()) == 0


KINDS = ("nothing", "alone", "tagged")
MINUTES = st.integers(1, 40).map(lambda days: days * DAY)


@st.composite
def settings_of_some_kind(draw: Any) -> Retention:
    completed, failed = sorted((draw(MINUTES), draw(MINUTES)))
    other = st.dictionaries(st.sampled_from(["completed", "failed"]), MINUTES)
    return Retention(
        completed,
        failed,
        monitored=draw(MINUTES),
        queues=draw(st.dictionaries(st.sampled_from(["default", "high"]), other)),
        actors=draw(st.dictionaries(st.sampled_from(KINDS), other)),
        monitored_tags=draw(st.sampled_from([(), ("vip",), ("call:*",)])),
    )


JOBS = st.tuples(
    st.sampled_from(["completed", "dead", "cancelled", "queued", "processing"]),
    st.integers(0, 45),
    st.sampled_from(KINDS),
    st.sampled_from(["default", "high"]),
    st.sampled_from([[], ["vip"], ["call:1", "x"]]),
)


def is_kept(kept, status, days, kind, queue, tags):
    """The model: what the settings say of one job. Half a day is beside every limit."""
    if status not in Job.FINAL:
        return True
    word = "failed" if status == "dead" else "completed"
    minutes = kept.actors.get(kind, {}).get(word, kept.queues.get(queue, {}).get(word, getattr(kept, word)))
    patterns = [tag.removesuffix("*") for tag in kept.monitored_tags]
    if any(tag.startswith(pattern) for tag in tags for pattern in patterns):
        minutes = max(minutes, kept.monitored)
    return (days + 0.5) * DAY < minutes


@given(kept=settings_of_some_kind(), jobs=st.lists(JOBS, max_size=8))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_settings_say_exactly_what_is_kept_stays(kept, jobs):
    Job.objects.all().delete()
    expected = set()
    for status, days, kind, queue, tags in jobs:
        job = over(status, days + 0.5, actor_name=kind, queue_name=queue, tags=tags)
        if is_kept(kept, status, days, kind, queue, tags):
            expected.add(job)
    everything(kept)
    assert {*Job.objects.values_list("pk", flat=True)} == expected


class TestBites:
    def test_one_reads_a_page_and_the_next_continues_behind_it(self):
        many("dead", AT_ONCE + 1, 21)
        walk = Walk(SHELVES[0])
        assert [walk.bite(KEPT), walk.is_under_way, walk.bite(KEPT), walk.is_under_way] == [AT_ONCE, True, 1, False]
        assert not walk.is_due(KEPT)

    def test_what_is_kept_does_not_stop_it(self):
        many("dead", AT_ONCE, 21, tags=["vip"])
        over("dead", 21)
        kept = Retention(10 * DAY, 20 * DAY, monitored=30 * DAY, monitored_tags=("vip",))
        walk = Walk(SHELVES[0])
        assert [walk.bite(kept), walk.bite(kept)] == [0, 1]

    def test_young_rows_are_not_read(self):
        many("dead", AT_ONCE, 19)
        walk = Walk(SHELVES[0])
        walk.bite(Retention(failed=20 * DAY))
        assert not walk.is_under_way

    def test_a_look_ends_when_its_time_is_used_up(self, monkeypatch):
        many("dead", AT_ONCE + 1, 400)
        monkeypatch.setattr(retention, "BUDGET", 0.0)
        assert Keeper().look() == 0

    def test_looks_delete_all_that_is_due_bite_by_bite(self):
        many("dead", AT_ONCE + 1, 400)
        over("completed", 400)
        young = over("completed", 1)
        keeper = Keeper()
        while keeper.look():
            pass
        assert [*Job.objects.values_list("pk", flat=True)] == [young]

    def test_two_processes_share_what_is_due(self):
        many("dead", 10, 21)
        half = [str(pk) for pk in Job.objects.order_by("pk").values_list("pk", flat=True)[:5]]
        held = ", ".join(f"'{pk}'" for pk in half)
        with somebody_holds(f"SELECT 1 FROM queues_job_failed WHERE id IN ({held}) FOR UPDATE"), short_patience():
            assert Walk(SHELVES[0]).bite(KEPT) == 5
        assert Walk(SHELVES[0]).bite(KEPT) == 5

    def test_an_old_snapshot_stops_no_walk(self):
        many("dead", 10, 21)
        with somebody_holds("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM queues_job"):
            everything(KEPT)
            assert (Job.objects.count(), ArchivedJob.objects.count()) == (0, 10)

    def test_several_hosts_at_once_delete_each_row_once(self):
        many("dead", 300, 400)
        for days in (35, 36, 37):
            over("completed", days)

        def look(_):
            try:
                return Keeper().look()
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as hosts:
            gone = sum(hosts.map(look, range(4)))
        everything(retention_settings())
        assert (Job.objects.count(), ArchivedJob.objects.count()) == (0, 300) and gone <= 300

    def test_a_batch_that_somebody_holds_stops_no_walk(self):
        batch = Batch([[actors.nothing.message(1), actors.nothing.message(2)]]).send()
        first, second = Job.objects.order_by("chain_step").values_list("pk", flat=True)
        end(first, "dead", 21)
        walk = Walk(SHELVES[0])
        with somebody_holds(f"SELECT 1 FROM queues_batch WHERE id = '{batch}' FOR UPDATE"), short_patience():
            assert walk.bite(KEPT) == 0
        assert Job.objects.count() == 2
        assert Walk(SHELVES[0]).bite(KEPT) == 1
        assert Job.objects.get(pk=second).status == "cancelled"

    @pytest.mark.parametrize("shelf", SHELVES, ids=lambda shelf: shelf.table)
    def test_each_walks_by_its_key(self, shelf):
        assert walks_by_its_key(shelf)

    def test_a_day_is_walked_by_its_key_whatever_the_statistics_say(self):
        assert walks_by_its_key(shelf_of_day(history.table_of(day(0))))


# --- rows of another time


def ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def day(days: float):
    return (datetime.now(UTC) - timedelta(days=days)).date()


def aged_id(pk: UUID, days: float) -> UUID:
    """The id as it were, had it been made then: the time of creation is in the id."""
    stamp = int(ago(days).timestamp() * 1000)
    return UUID(int=(stamp << 80) | (pk.int & ((1 << 80) - 1)))


def over(status, days, **columns):
    """A job that got this state so long ago, in the table in which it would be by then; its id."""
    actors.nothing.send_with_options(args=(1,))
    job = Job.objects.order_by("pk").last()
    return end(job.pk, status, days, **columns)


def end(pk, status, days, **columns):
    older = aged_id(pk, days)
    finished = {"finished_at": ago(days)} if status in Job.FINAL else {}
    Job.objects.filter(pk=pk).update(id=older, status=status, created_at=ago(days), **finished, **columns)
    put_away()
    return older


def many(status, count, days, **columns):
    get_broker().send_many([actors.nothing.message(number) for number in range(count)])
    fresh = [*Job.objects.filter(status="queued").values_list("pk", flat=True)]
    pairs = ", ".join(f"('{pk}'::uuid, '{aged_id(pk, days)}'::uuid)" for pk in fresh)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE queues_job_live SET id = new FROM (VALUES {pairs}) AS ids (old, new) WHERE id = old")
    ended = Job.objects.filter(status="queued")
    ended.update(status=status, created_at=ago(days), finished_at=ago(days), **columns)
    put_away()


def put_away():
    database = EngineConnection()
    while history.put_away(database):
        pass
    database.close()


def attempt(job):
    AttemptRow.objects.create(job_id=job, claim_no=1, outcome="failed", error_class="builtins.ValueError")
    return job


def aged_batch(batch, days, **columns):
    older = aged_id(batch, days)
    columns = {"status": "finished", "finished_at": ago(days), **columns}
    BatchMember.objects.filter(batch_id=batch).update(batch_id=older)
    BatchRow.objects.filter(pk=batch).update(id=older, **columns)
    return older


def supervisor(status, days):
    row = Supervisor.objects.create(host="h", pid=1, process_started_at=1, environment="testing", status=status)
    Supervisor.objects.filter(pk=row.pk).update(beat_at=ago(days), started_at=ago(days))
    return row


def worker(of, status, days):
    return Worker.objects.create(
        supervisor=of, pool="p", host="h", pid=1, status=status, ended_at=None if status == "running" else ago(days)
    )


# --- what PostgreSQL knows


def days():
    with connection.cursor() as cursor:
        return history.days(DjangoConnection(cursor))


def tables(pattern):
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE %s", [pattern])
        return [name for (name,) in cursor.fetchall()]


def walks_by_its_key(shelf):
    page, rest = plan_of(shelf).split("CTE due")
    return "Index" in page and "Sort" not in page and "Bitmap" not in page and f"Seq Scan on {shelf.table}" not in rest


def plan_of(shelf):
    where = {"place": retention.BEGINNINGS[shelf.kind], "young": retention._id_of(1), "most": AT_ONCE}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(retention.SESSION)
        cursor.execute(f"EXPLAIN {shelf.statement}", {**params_of(KEPT), **where})
        return "\n".join(line for (line,) in cursor.fetchall())


@contextmanager
def short_patience():
    """Waits for a lock no longer than a tenth of a second; the chores wait for a second."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 100")
        yield
        cursor.execute("SET lock_timeout = 0")
