"""Silences as they are found in the rows."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from calls.models import Branch, ClosedDay, Company
from tests.webhooks.silence.months import BERLIN, HOUR
from tests.webhooks.silence.rows import company, events, hours
from webhooks.models import WebhookAddress, WebhookEvent
from webhooks.silence.flows import Flows
from webhooks.silence.judging import silences

pytestmark = pytest.mark.django_db

# Tuesday, 16 June 2026, ten in Berlin: nothing has come since.
TEN = datetime(2026, 6, 16, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RECEIVED, PROCESSED = WebhookEvent.Status.RECEIVED, WebhookEvent.Status.PROCESSED


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(TEN, tick=False) as clock:
        yield clock


def habit_of(whose: Company, rate: int = 14, weeks: int = 8, provider: str = "retell") -> None:
    """So many calls in each hour from eight to six on all days, until ten today."""
    every = [TEN - HOUR * number for number in range(1, weeks * 7 * 24)]
    hours({hour: rate for hour in every if 8 <= hour.astimezone(BERLIN).hour < 18}, whose, provider)
    events([TEN - MINUTE], whose, provider)


def silent(now: datetime = TEN + HOUR, flows: Flows | None = None) -> list[str]:
    return [each.about for each in silences((flows or Flows()).load(now), now, 1e-5)]


def test_an_hour_of_silence_is_found_and_ends_with_the_next_call() -> None:
    ours = company()
    habit_of(ours)
    flows = Flows()
    assert silent(TEN + MINUTE * 30, flows) == []
    assert silent(TEN + HOUR, flows) == [f"retell:{ours.pk}"]
    events([TEN + HOUR], ours)
    assert silent(TEN + HOUR + MINUTE, flows) == []


def test_a_company_that_is_new_or_switched_off_is_not_judged() -> None:
    new, off = company("new"), company("off", is_active=False)
    habit_of(new, weeks=3)
    habit_of(off)
    assert silent(TEN + HOUR * 5) == []


def test_on_a_closed_day_nobody_is_missed() -> None:
    ours = company()
    habit_of(ours)
    ClosedDay.objects.create(company=ours, first_day=TEN.date(), last_day=TEN.date(), reason="Inventur")
    assert silent(TEN + HOUR * 3) == []


def test_a_closed_day_that_is_entered_meanwhile_ends_it() -> None:
    ours, flows = company(), Flows()
    habit_of(ours)
    assert silent(TEN + HOUR, flows) != []
    ClosedDay.objects.create(company=ours, first_day=TEN.date(), last_day=TEN.date(), reason="Inventur")
    assert silent(TEN + HOUR + MINUTE * 11, flows) == []


@pytest.mark.parametrize(("day", "is_like_any"), [("2026-10-03", False), ("2026-06-04", False), ("2026-06-16", True)])
def test_public_holidays_are_those_of_the_branchs_state(day: str, is_like_any: bool) -> None:
    """4 June 2026 is Corpus Christi, which Bavaria has and Berlin has not."""
    ours = company(state="BY")
    flows = Flows()
    assert flows._calendar(ours, TEN).share(date.fromisoformat(day)) == (
        1.0 if is_like_any or day > "2026-06-18" else 0.0
    )


def test_a_branch_without_a_state_has_the_holidays_of_its_country() -> None:
    calendar = Flows()._calendar(company(), datetime(2026, 5, 20, tzinfo=UTC))
    named = {"Labour Day": "2026-05-01", "Ascension": "2026-05-14", "the Friday after it": "2026-05-15"}
    assert {name: calendar.share(date.fromisoformat(day)) for name, day in named.items()} == dict.fromkeys(named, 0.0)
    assert calendar.share(date(2026, 5, 13)) == 1.0


def test_christmas_week_is_like_no_other() -> None:
    calendar = Flows()._calendar(company(), datetime(2026, 12, 30, tzinfo=UTC))
    assert [calendar.share(date(2026, 12, day)) for day in (23, 24, 28, 31)] == [1.0, 0.0, 0.0, 0.0]


def test_where_one_of_two_branches_is_closed_half_is_expected() -> None:
    ours = company()
    second = Branch.objects.create(company=ours, name="Nord")
    habit_of(ours)
    ClosedDay.objects.create(company=ours, branch=second, first_day=TEN.date(), last_day=TEN.date(), reason="Umbau")
    assert silent(TEN + HOUR) == []
    assert silent(TEN + HOUR * 2) == [f"retell:{ours.pk}"]


def test_what_no_job_has_placed_yet_may_be_anybodys() -> None:
    """While the queues stand still, nobody says that Retell is silent."""
    ours, own = company("ours"), company("own")
    habit_of(ours)
    habit_of(own)
    WebhookAddress.objects.create(company=own, provider="retell").add_secret("secret")
    events([TEN + MINUTE * 59], None, status=RECEIVED)
    assert silent(TEN + HOUR) == [f"retell:{own.pk}"]
    WebhookEvent.objects.filter(status=RECEIVED).update(status=WebhookEvent.Status.UNASSIGNED)
    assert f"retell:{ours.pk}" in silent(TEN + HOUR) or "retell" in silent(TEN + HOUR)


def test_calls_that_were_fetched_did_not_arrive() -> None:
    ours = company()
    habit_of(ours)
    events([TEN + MINUTE * number for number in range(0, 60, 5)], ours, fetched=True)
    assert silent(TEN + HOUR) == [f"retell:{ours.pk}"]


def test_a_look_costs_few_queries_and_none_for_each_company() -> None:
    flows = Flows()
    for number in range(5):
        habit_of(company(f"salon-{number}"), rate=1)
    flows.load(TEN)
    with CaptureQueriesContext(
        connection,
    ) as few:
        flows.load(TEN + MINUTE)
    assert len(few) <= 6


def test_what_cannot_be_learnt_in_one_look_is_learnt_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhooks.silence.flows.MOST_AT_ONCE", 1)
    flows = Flows()
    for slug in ("one", "two"):
        habit_of(company(slug))
    loaded = [sum(bool(flow.habits) for flow in flows.load(TEN + MINUTE * number)) for number in (0, 1)]
    assert loaded == [1, 2]
