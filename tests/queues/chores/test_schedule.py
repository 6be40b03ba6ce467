"""The schedule: each tick sends once, on any number of hosts; missed ticks follow the policy; the code decides."""

import threading
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from askpro.queues import checks
from askpro.queues.chores import schedule
from askpro.queues.chores.schedule import InvalidSchedule
from askpro.queues.models import Job, Schedule
from tests.queues.actors import nothing

SCHEDULE: dict[str, dict] = {}
EIGHT = datetime(2026, 11, 20, 7, tzinfo=UTC)  # 8:00 in Berlin


def at(hour: int, minute: int = 0, second: int = 0, day: int = 20) -> datetime:
    """A moment in Berlin's winter."""
    return datetime(2026, 11, day, hour - 1, minute, second, tzinfo=UTC)


@pytest.fixture
def entry(settings, monkeypatch):
    """A function that declares one entry as of eight o'clock."""
    settings.QUEUE_SETTINGS = "tests.queues.chores.test_schedule"

    def declare(name: str = "hourly", now: datetime = EIGHT, **words) -> Schedule:
        monkeypatch.setitem(SCHEDULE, name, {"cron": "0 * * * *", "actor": "nothing", **words})
        schedule.sync(now)
        return Schedule.objects.get(name=name)

    return declare


def ticks(row: Schedule) -> list[datetime]:
    return list(row.ticks.order_by("at").values_list("at", flat=True))


@pytest.mark.django_db
class TestSending:
    def test_it_sends_when_the_tick_has_come_and_not_before(self, entry):
        row = entry(kwargs={"number": 7})

        assert schedule.send_due(at(8, 59, 59)) == 0
        assert schedule.send_due(at(9, 0, 0)) == 1
        assert schedule.send_due(at(9, 0, 1)) == 0

        job = Job.objects.get()
        assert (job.actor_name, job.kwargs, job.queue_name) == ("nothing", {"number": 7}, "default")
        assert row.ticks.get().job_id == job.pk
        row.refresh_from_db()
        assert row.next_at == at(10)

    def test_the_job_is_told_the_time_of_its_tick(self, entry):
        entry(tick_as="number")
        schedule.send_due(at(9, 0, 30))
        assert Job.objects.get().kwargs == {"number": at(9).isoformat()}

    def test_a_tick_that_has_its_row_is_not_sent_again_even_when_the_next_one_is_forgotten(self, entry):
        row = entry()
        schedule.send_due(at(9))
        Schedule.objects.filter(pk=row.pk).update(next_at=at(9))
        assert schedule.send_due(at(9, 30)) == 0
        assert Job.objects.count() == 1

    def test_it_names_the_waiting_copy_of_a_unique_job(self, entry):
        row = entry(actor="unique", kwargs={"company_id": 1})
        schedule.send_due(at(9))
        schedule.send_due(at(10))
        assert Job.objects.count() == 1
        assert {tick.job_id for tick in row.ticks.all()} == {Job.objects.get().pk}

    def test_it_leaves_an_actor_it_does_not_know_for_those_who_do(self, entry):
        row = entry(actor="of_a_newer_release")
        assert schedule.send_due(at(9)) == 0
        row.refresh_from_db()
        assert row.next_at == at(9)

    def test_one_entry_that_cannot_send_stops_no_other(self, entry):
        entry("broken", actor="tagged", kwargs={"number": 1})
        entry("whole")
        assert schedule.send_due(at(9)) == 1


@pytest.mark.django_db
class TestMissedTicks:
    def test_once_sends_one_job_for_all_of_them(self, entry):
        row = entry(missed="once")
        assert schedule.send_due(at(12, 30)) == 1
        assert ticks(row) == [at(12)]

    def test_skip_sends_none_of_them(self, entry):
        row = entry(missed="skip")
        assert schedule.send_due(at(12, 30)) == 0
        assert schedule.send_due(at(13, 0, 40)) == 1
        assert ticks(row) == [at(13)]

    def test_all_sends_each_of_them(self, entry):
        row = entry(missed="all")
        assert schedule.send_due(at(12, 30)) == 4
        assert ticks(row) == [at(9), at(10), at(11), at(12)]

    def test_all_is_bounded(self, entry):
        row = entry(missed="all", cron="* * * * *")
        assert schedule.send_due(at(20, 30)) == schedule.MOST_MISSED
        assert max(ticks(row)) == at(20, 30)


@pytest.mark.django_db
class TestPausing:
    def test_a_paused_one_sends_nothing_and_makes_up_for_nothing(self, entry, time_machine):
        row = entry()
        assert row.pause()
        assert not row.pause()
        assert schedule.send_due(at(11)) == 0
        time_machine.move_to(at(11, 30))
        assert row.resume()
        assert not row.resume()
        assert schedule.send_due(at(11, 31)) == 0
        assert schedule.send_due(at(12)) == 1

    def test_a_new_start_leaves_it_paused(self, entry):
        entry().pause()
        row = entry()
        assert row.is_paused
        assert row.next_at is None

    def test_it_runs_now_although_it_is_paused(self, entry):
        row = entry()
        row.pause()
        job_id = schedule.run_now("hourly")
        assert str(Job.objects.get().pk) == job_id
        assert row.ticks.get().by_hand

    def test_it_runs_nothing_that_is_not_declared(self, entry):
        Schedule.objects.create(name="gone", cron="0 * * * *", timezone="UTC", actor_name="nothing")
        with pytest.raises(InvalidSchedule, match="gone"):
            schedule.run_now("gone")


@pytest.mark.django_db
class TestSync:
    def test_a_changed_expression_moves_the_next_tick(self, entry):
        entry()
        row = entry(cron="30 * * * *")
        assert row.next_at == at(8, 30)

    def test_an_unchanged_one_keeps_it_so_that_a_downtime_is_noticed(self, entry):
        entry()
        row = entry(now=at(15))
        assert row.next_at == at(9)

    def test_an_entry_of_another_release_is_left_alone(self, entry):
        Schedule.objects.create(name="newer", cron="* * * * *", timezone="UTC", actor_name="x", next_at=at(8))
        entry()
        assert schedule.send_due(at(8, 30)) == 0
        assert Schedule.objects.get(name="newer").next_at == at(8)

    def test_its_zone_decides(self, entry):
        row = entry(cron="0 9 * * *", timezone="America/New_York")
        assert row.next_at == datetime(2026, 11, 20, 14, tzinfo=UTC)

    def test_a_chores_process_syncs_and_sends(self, entry, monkeypatch):
        entry()
        Schedule.objects.all().delete()
        timetable = schedule.Timetable()
        monkeypatch.setattr(schedule, "database_now", lambda: at(8, 59))
        assert timetable.send_due() == 0
        monkeypatch.setattr(schedule, "database_now", lambda: at(9))
        assert timetable.send_due() == 1


@pytest.mark.django_db(transaction=True)
def test_many_hosts_send_each_tick_once(entry):
    row = entry(cron="* * * * *")
    barrier = threading.Barrier(6)

    def host() -> None:
        for minute in range(1, 20):
            barrier.wait()
            schedule.send_due(at(8, minute))
        connection.close()

    threads = [threading.Thread(target=host) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    schedule.send_due(at(8, 19))

    assert ticks(row) == [at(8, minute) for minute in range(1, 20)]
    assert Job.objects.filter(actor_name="nothing").count() == 19


@pytest.mark.django_db(transaction=True)
def test_a_tick_whose_job_is_not_written_is_not_written_either(entry, monkeypatch):
    row = entry()
    monkeypatch.setattr(nothing.broker, "send_many", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        schedule.send_due(at(9))
    monkeypatch.undo()
    assert not row.ticks.exists()
    row.refresh_from_db()
    assert row.next_at == at(9)


class TestChecks:
    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ({"cron": "every day"}, "no cron expression"),
            ({"cron": "61 * * * *"}, "Bad minute"),
            ({"cron": "0 0 30 2 *"}, "no cron expression"),
            ({"actor": "nothin"}, "Did you mean 'nothing'"),
            ({"actor": "tagged"}, "missing a required argument: 'call_id'"),
            ({"kwargs": {"call": 1}}, "unexpected keyword argument 'call'"),
            ({"tick_as": "now"}, "unexpected keyword argument 'now'"),
            ({"timezone": "Berlin"}, "no time zone 'Berlin'"),
            ({"missed": "never"}, "known: skip, once, all"),
            ({"crom": "* * * * *"}, "unknown keys ['crom']"),
        ],
    )
    def test_it_says_what_is_wrong_and_where(self, settings, monkeypatch, words, said):
        settings.QUEUE_SETTINGS = "tests.queues.chores.test_schedule"
        monkeypatch.setitem(SCHEDULE, "broken", {"cron": "0 * * * *", "actor": "nothing", **words})
        (error,) = checks.check_schedule()
        assert error.id in ("queues.E004", "queues.E005")
        assert "broken" in error.msg
        assert said in error.msg
        assert "queue_settings.py" in error.hint

    def test_the_products_own_schedule_is_clean(self):
        assert checks.check_schedule() == []


@pytest.mark.django_db
class TestCommand:
    def test_it_lists_pauses_resumes_and_runs(self, entry, capsys):
        entry()
        call_command("queues_schedule", "--pause", "hourly")
        call_command("queues_schedule")
        assert "paused" in capsys.readouterr().out
        call_command("queues_schedule", "--resume", "hourly")
        call_command("queues_schedule", "--run", "hourly")
        assert str(Job.objects.get().pk) in capsys.readouterr().out

    def test_it_names_the_entries_when_one_is_unknown(self, entry):
        entry()
        with pytest.raises(CommandError, match="known: hourly"):
            call_command("queues_schedule", "--run", "nightly")
