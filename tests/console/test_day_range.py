"""The filter by days: whole days of the console's zone, written as people write them; an invalid day is reported."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib import admin
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from unfold.contrib.filters.admin import RangeDateFilter, RangeDateTimeFilter

from appointments.models import Appointment
from askpro.console.day_range import DayRangeFilter, read_day
from calls.models import Company

BERLIN = ZoneInfo("Europe/Berlin")
LIST = "/admin/appointments/appointment/"


def shown(client: Client, **said: str) -> list[Any]:
    return [
        row.starts_at
        for row in client.get(LIST, {f"starts_at_{end}": text for end, text in said.items()}).context["cl"].queryset
    ]


@pytest.fixture
def three_days(db: None) -> list[datetime]:
    """The first and the last minute of a day of 25 hours, and those around it."""
    company = Company.objects.create(name="Salon", slug="salon")
    first, after = datetime(2026, 10, 25, tzinfo=BERLIN), datetime(2026, 10, 26, tzinfo=BERLIN)
    minute = timedelta(minutes=1)
    moments = [first - minute, first, (after.astimezone(UTC) - minute).astimezone(BERLIN), after]
    Appointment.objects.bulk_create(
        Appointment(company=company, starts_at=moment, ends_at=moment + minute) for moment in moments
    )
    return moments


@pytest.mark.parametrize("day", ["2026-10-25", "25.10.2026", "25.10.26", "25. 10. 2026"])
def test_one_day_shows_that_day(admin_client: Client, three_days: list[datetime], day: str) -> None:
    assert sorted(shown(admin_client, **{"from": day, "to": day})) == three_days[1:3]


def test_each_end_alone_holds(admin_client: Client, three_days: list[datetime]) -> None:
    assert sorted(shown(admin_client, **{"from": "25.10.2026"})) == three_days[1:]
    assert sorted(shown(admin_client, to="25.10.2026")) == three_days[:3]


@time_machine.travel(datetime(2026, 11, 29, 12, tzinfo=UTC), tick=False)
def test_it_tells_what_is_no_day(admin_client: Client, three_days: list[datetime]) -> None:
    for said in ("morgen", "31.02.2026", "2026-13-01", "29.02.", "1.1.99999", "0001-01-01", "29/11/2026"):
        answer = admin_client.get(LIST, {"starts_at_to": said})
        assert not answer.context["cl"].queryset.exists(), said
        assert f"“{said}” is no day." in answer.content.decode()


def test_it_tells_that_the_ends_are_the_wrong_way_round(admin_client: Client, three_days: list[datetime]) -> None:
    answer = admin_client.get(LIST, {"starts_at_from": "26.10.2026", "starts_at_to": "25.10.2026"})

    assert "The last day lies before the first." in answer.content.decode()


@given(st.dates(date(2000, 1, 1), date(2068, 12, 31)))
def test_it_reads_every_day_in_every_form(day: date) -> None:
    for form in ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%-d.%-m.%Y", "%-d.%-m.%y"):
        assert read_day(day.strftime(form)) == day


@given(st.text(max_size=12))
def test_it_reads_any_text_or_says_that_it_cannot(text: str) -> None:
    found = read_day(text)
    assert found is None or 1900 <= found.year < 3000


def test_without_a_year_it_is_this_one() -> None:
    with time_machine.travel(datetime(2026, 12, 31, 23, 30, tzinfo=UTC), tick=False):
        assert read_day("29.11.") == date(2027, 11, 29)  # in Berlin the year has begun


def test_every_list_with_days_has_this_filter() -> None:
    """The theme's own filter ends at midnight before the last day, and silently ignores what it cannot read."""
    used = [
        (model._meta.label, each[1])
        for model, model_admin in admin.site._registry.items()
        for each in model_admin.list_filter
        if isinstance(each, tuple) and issubclass(each[1], RangeDateFilter | RangeDateTimeFilter)
    ]

    assert used
    assert all(issubclass(kind, DayRangeFilter) for _, kind in used), used
