"""Days on which a branch is closed against its opening hours: whose they are, and what waits for the next open one."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from calls.models import Branch, ClosedDay
from tests.appointments.salon import branch, company

pytestmark = pytest.mark.django_db

THURSDAY = date(2026, 12, 3)


@pytest.fixture
def here() -> Branch:
    return branch(company(), country="DE")


def closed(of: Branch, first: date, days: int = 1, *, all_branches: bool = False, **values: Any) -> ClosedDay:
    last = first + timedelta(days=days - 1)
    values = {"reason": "Betriebsferien", "branch": None if all_branches else of} | values
    return ClosedDay.objects.create(company=of.company, first_day=first, last_day=last, **values)


def test_its_own_its_companys_and_its_states_count_and_nobody_elses(here: Branch) -> None:
    here.state = "BE"
    other = branch(here.company)
    closed(here, THURSDAY, 2)
    closed(here, date(2026, 12, 26), all_branches=True, reason="Inventur")
    closed(other, date(2026, 12, 1))
    closed(branch(company("salon-esche")), THURSDAY, 30, all_branches=True)
    assert here.closed_on(date(2026, 12, 1), date(2026, 12, 26)) == {
        THURSDAY: "Betriebsferien",
        THURSDAY + timedelta(days=1): "Betriebsferien",
        date(2026, 12, 25): "Erster Weihnachtstag",
        date(2026, 12, 26): "Inventur",
    }
    assert here.closed_on(date(2026, 12, 4), date(2026, 12, 4)) == {date(2026, 12, 4): "Betriebsferien"}


def test_a_state_counts_for_the_country_of_its_branch(here: Branch) -> None:
    here.state = "be "
    here.clean()
    assert here.state == "BE"
    here.state = "Berlin"
    with pytest.raises(ValidationError) as refused:
        here.clean()
    assert "BE, BW, BY" in str(refused.value.message_dict["state"])
    here.country, here.state = "AT", "9"
    here.clean()
    assert date(2026, 10, 26) in here.closed_on(date(2026, 10, 26), date(2026, 10, 26))


@pytest.mark.parametrize(
    ("now", "days", "due"),
    [
        # Wednesday 18:30 in Berlin: tomorrow at nine, which is closed from Thursday on.
        ("2026-12-02T17:30", 0, "2026-12-03T08:00"),
        ("2026-12-02T17:30", 1, "2026-12-04T08:00"),
        ("2026-12-02T17:30", 2, "2026-12-07T08:00"),
        ("2026-12-02T17:30", 14, "2026-12-17T08:00"),
        # In the middle of a closed day that would be an open one.
        ("2026-12-03T10:00", 1, "2026-12-04T08:00"),
    ],
)
def test_who_is_to_be_called_back_is_called_when_it_is_open_again(here: Branch, now: str, days: int, due: str) -> None:
    if days:
        closed(here, THURSDAY, days)
    assert here.call_back_by(datetime.fromisoformat(now).replace(tzinfo=UTC)) == datetime.fromisoformat(due).replace(
        tzinfo=UTC
    )


def test_a_branch_that_is_closed_for_months_is_to_call_in_two_hours(here: Branch) -> None:
    closed(here, date(2026, 11, 1), 200)
    now = datetime(2026, 12, 2, 17, 30, tzinfo=UTC)
    assert here.call_back_by(now) == now + timedelta(hours=2)


def test_the_last_day_is_not_before_the_first(here: Branch) -> None:
    day = ClosedDay(company=here.company, first_day=THURSDAY, last_day=THURSDAY - timedelta(days=1), reason="x")
    with pytest.raises(ValidationError):
        day.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        day.save()


def test_it_is_entered_in_the_console_for_one_branch_of_its_own_company(admin_client: Client, here: Branch) -> None:
    strange = branch(company("salon-esche"))
    form = {"company": here.company_id, "first_day": "2026-12-24", "last_day": "2026-12-31", "reason": "Betriebsferien"}
    answer = admin_client.post("/admin/calls/closedday/add/", {**form, "branch": strange.pk})
    assert "belongs to another company" in answer.content.decode()
    assert admin_client.post("/admin/calls/closedday/add/", {**form, "branch": here.pk}).status_code == 302
    assert str(ClosedDay.objects.get()) == "Betriebsferien, 24 Dec 2026 – 31 Dec 2026"
    assert "Betriebsferien" in admin_client.get("/admin/calls/closedday/?q=betrieb").content.decode()
