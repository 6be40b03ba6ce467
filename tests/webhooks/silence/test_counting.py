"""What came in, by the hour; read from events as they are stored."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from askpro.queues.testing import run_jobs
from tests.webhooks.silence.months import HOUR
from tests.webhooks.silence.rows import company, events
from webhooks.models import Arrivals, WebhookEvent
from webhooks.silence.counting import count
from webhooks.tasks import count_arrivals

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 16, 8, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def counted(**wanted: Any) -> list[tuple[int, int]]:
    """Hour of the day (UTC) and subjects of each row."""
    rows = Arrivals.objects.filter(**wanted).order_by("hour")
    return [(row.hour.hour, row.subjects) for row in rows]


def test_it_counts_each_call_once_an_hour_for_its_company_and_vendor() -> None:
    ours, theirs = company("ours"), company("theirs")
    events([NOW - HOUR, NOW - HOUR], ours, subject="call-1", event_type="call_started")
    events([NOW - HOUR, NOW - MINUTE], ours)
    events([NOW - MINUTE], theirs, "calcom")
    count(NOW)
    assert counted(company=ours) == [(7, 2), (8, 1)]
    assert counted(company=theirs, provider="calcom") == [(8, 1)]
    row = Arrivals.objects.filter(company=ours).earliest("hour")
    assert (row.events, row.last_at) == (3, NOW - HOUR)


def test_counting_twice_changes_nothing() -> None:
    events([NOW - HOUR * number for number in reversed(range(50))], company())
    count(NOW)
    before = counted()
    assert count(NOW) < 5
    assert counted() == before and sum(each for _, each in before) == 50


def test_the_hours_since_the_last_count_are_made_up_for() -> None:
    ours = company()
    events([NOW - HOUR * 20], ours)
    count(NOW - HOUR * 20)
    events([NOW - HOUR * 10, NOW - HOUR * 5, NOW], ours)
    count(NOW)
    assert [each for _, each in counted(company=ours)] == [1, 1, 1, 1]


def test_an_event_counts_for_its_company_once_its_job_has_run_however_late() -> None:
    ours = company()
    events([NOW - HOUR * 6], None, status=WebhookEvent.Status.RECEIVED)
    events([NOW], ours)
    count(NOW)
    assert counted(company=None) == [(2, 1)]
    WebhookEvent.objects.filter(company=None).update(company=ours, status=WebhookEvent.Status.PROCESSED)
    count(NOW + MINUTE)
    assert counted(company=ours) == [(8, 1)]
    events([NOW - HOUR * 5], ours, status=WebhookEvent.Status.RECEIVED)
    count(NOW + MINUTE * 2)
    assert (3, 1) in counted(company=ours)


def test_a_call_that_was_fetched_did_not_arrive_until_its_webhook_does() -> None:
    ours = company()
    events([NOW], ours, fetched=True)
    count(NOW)
    row = Arrivals.objects.get()
    assert (row.subjects, row.fetched, row.last_at) == (0, 1, None)
    WebhookEvent.objects.update(duplicates=1, last_duplicate_at=NOW + MINUTE)
    count(NOW + MINUTE)
    row = Arrivals.objects.get()
    assert (row.subjects, row.fetched, row.last_at) == (1, 0, NOW + MINUTE)


def test_it_counts_what_nobody_has_and_what_was_ignored() -> None:
    events([NOW, NOW], None, status=WebhookEvent.Status.UNASSIGNED)
    events([NOW], None, status=WebhookEvent.Status.IGNORED)
    count(NOW)
    row = Arrivals.objects.get()
    assert (row.events, row.unassigned, row.ignored) == (3, 2, 1)


def test_counts_outlive_the_events_and_are_forgotten_after_a_year_and_a_month() -> None:
    ours = company()
    events([NOW - HOUR * 5, NOW], ours)
    count(NOW)
    WebhookEvent.objects.earliest("pk").delete()
    count(NOW + timedelta(days=300))
    assert counted(company=ours) == [(3, 1), (8, 1)]
    count(NOW + timedelta(days=400) - HOUR * 2)
    assert counted(company=ours) == [(8, 1)]


def test_the_schedule_counts() -> None:
    events([NOW], company())
    count_arrivals.send(now=NOW.isoformat())
    run_jobs()
    assert counted() == [(8, 1)]
