"""The schedule's pages: what came of each entry, what was missed, and what is overdue."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from askpro.queues.chores import schedule
from askpro.queues.models import Job, Schedule, ScheduledTick

pytestmark = pytest.mark.django_db

LIST = "/admin/queues/schedule/"
NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def entry(time_machine: Any) -> Schedule:
    """An entry of every full hour, whose next time is 13:00."""
    time_machine.move_to(NOW, tick=False)
    Schedule.objects.all().delete()
    words = {"cron": "0 * * * *", "timezone": "UTC", "actor_name": "recount_all", "next_at": NOW + HOUR / 2}
    return Schedule.objects.create(name="recount", **words)


def sent(row: Schedule, hour: int, status: str = "completed", *, minute: int = 0, by_hand: bool = False) -> None:
    at = NOW.replace(hour=hour, minute=minute)
    times = {"created_at": at, "finished_at": at + timedelta(seconds=90) if status in Job.FINAL else None}
    job = Job.objects.create(actor_name="recount_all", queue_name="low", status=status, **times)
    ScheduledTick.objects.create(schedule=row, at=at, sent_at=at, job_id=job.pk, by_hand=by_hand)


def ticks(client: Client, row: Schedule) -> Any:
    (table,) = client.get(f"{LIST}{row.pk}/change/").context["tables"]
    return table


def test_the_list_says_what_came_of_the_last_job(
    admin_client: Client, entry: Schedule, django_assert_max_num_queries: Any
) -> None:
    sent(entry, 11)
    sent(entry, 12, "dead")
    with django_assert_max_num_queries(12):
        page = admin_client.get(LIST).content.decode()
    assert ">dead</span>" in page and ">completed</span>" not in page


def test_missed_times_stand_among_those_that_were_sent(admin_client: Client, entry: Schedule) -> None:
    for hour in (8, 9, 12):
        sent(entry, hour)
    sent(entry, 10, minute=17, by_hand=True)

    table = ticks(admin_client, entry)

    told = [(str(row[0])[-12:-7], str(row[1]), row[4]) for row in table.rows]
    assert told == [
        ("00:00", "by the clock", "1 min 30 s"),
        ("00:00", "missed", ""),
        ("17:00", "by hand", "1 min 30 s"),
        ("00:00", "missed", ""),
        ("00:00", "by the clock", "1 min 30 s"),
        ("00:00", "by the clock", "1 min 30 s"),
    ]
    assert "13:00:00" in str(table.rows[0][0]) and table.note == "2 missed of the last 6"


def test_what_may_still_be_sent_is_not_missed(admin_client: Client, entry: Schedule, time_machine: Any) -> None:
    sent(entry, 12)
    time_machine.move_to(NOW.replace(hour=13, minute=0, second=30), tick=False)
    assert not ticks(admin_client, entry).note
    time_machine.move_to(NOW.replace(hour=13, minute=2), tick=False)
    assert ticks(admin_client, entry).note == "1 missed of the last 2"


def test_an_entry_that_has_sent_nothing_has_missed_nothing(admin_client: Client, entry: Schedule) -> None:
    table = ticks(admin_client, entry)
    assert not table.rows and not table.note


@pytest.mark.parametrize(
    ("values", "is_overdue"),
    [
        ({"next_at": NOW - timedelta(minutes=5)}, True),
        ({"next_at": NOW - timedelta(seconds=20)}, False),
        ({"next_at": None, "is_paused": True}, False),
    ],
)
def test_an_entry_whose_time_has_passed_is_overdue(
    admin_client: Client, entry: Schedule, values: dict[str, Any], is_overdue: bool
) -> None:
    declared = next(iter(schedule.entries()))
    Schedule.objects.filter(pk=entry.pk).update(name=declared, **values)
    assert (">overdue</span>" in admin_client.get(LIST).content.decode()) is is_overdue
