"""On closed days nothing is offered, and nothing is booked without a person."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from appointments.availability import free_times
from appointments.models import Appointment, FollowUp
from appointments.tasks import create_appointment_from_call
from calls.models import Branch, ClosedDay, Service
from tests.appointments.calcom_stub import CalcomStub
from tests.appointments.salon import WISH, branch, company, service, staff, wished

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

THURSDAY = date(2026, 12, 3)
# Half past midnight on Thursday in Berlin is still Wednesday in UTC.
EARLY, LATE, NEXT = (
    datetime(2026, 12, 2, 23, 30, tzinfo=UTC),
    datetime(2026, 12, 3, 22, 30, tzinfo=UTC),
    datetime(2026, 12, 3, 23, 30, tzinfo=UTC),
)


@pytest.fixture
def haircut(calendar: CalcomStub) -> Service:
    calendar.free = [each.isoformat() for each in (EARLY, LATE, NEXT)]
    return service(company())


def close(of: Service, at: Branch | None) -> None:
    ClosedDay.objects.create(company=of.company, branch=at, first_day=THURSDAY, last_day=THURSDAY, reason="Inventur")


def free(of: Service, **values: Any) -> list[datetime]:
    return free_times(of, EARLY, EARLY + timedelta(days=2), **values)


def test_the_day_is_the_branchs_own(haircut: Service) -> None:
    here = branch(haircut.company)
    assert free(haircut) == [EARLY, LATE, NEXT]
    close(haircut, here)
    assert free(haircut) == [NEXT]


def test_where_the_branch_is_not_known_a_day_is_closed_when_all_are(haircut: Service) -> None:
    here, there = branch(haircut.company), branch(haircut.company)
    close(haircut, here)
    assert free(haircut) == [EARLY, LATE, NEXT]
    assert free(haircut, branch=here) == free(haircut, staff=staff(here)) == [NEXT]
    close(haircut, there)
    assert free(haircut) == [NEXT]


def test_a_wish_for_a_closed_day_goes_to_a_person_with_other_times(calendar: CalcomStub) -> None:
    wish = wished()
    later = WISH + timedelta(days=1)
    calendar.free = [WISH.isoformat(), later.isoformat()]
    assert wish.service is not None
    close(wish.service, None)
    create_appointment_from_call(call_id=wish.call_id)
    follow_up = FollowUp.objects.get()
    assert (follow_up.reason, follow_up.alternatives) == ("slot_gone", [later.isoformat()])
    assert follow_up.told("de") == "Die Filiale hat an diesem Tag geschlossen: Inventur."
    assert not Appointment.objects.exists() and not calendar.bookings
