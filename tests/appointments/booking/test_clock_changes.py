"""Appointments on the two days of the year on which the clocks change, at a salon that is open on Sundays."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appointments.models import Appointment
from notifications.models import Notification
from notifications.text import texts
from tests.appointments.calcom_stub import CalcomStub
from tests.appointments.salon import HOURS, branch, call, company, service, staff
from tests.appointments.talks import COMPLETE, talked

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("said_at", "booked", "written"),
    [
        ("2026-03-28T22:59", "2026-03-29T14:00:00Z", "So 29.03.2026, 16:00 Uhr"),
        ("2026-10-24T21:59", "2026-10-25T15:00:00Z", "So 25.10.2026, 16:00 Uhr"),
    ],
)
def test_scenario_07_morgen_um_16_uhr_is_four_o_clock_on_the_day_of_the_change(
    calendar: CalcomStub, clock: Any, said_at: str, booked: str, written: str
) -> None:
    """Said at 23:59, worked on at 00:05."""
    at = branch(company())
    at.opening_hours = HOURS | {"so": [["10:00", "18:00"]]}
    at.save()
    staff(at)
    service(at.company)
    call(at, None, "call_before")
    moment = datetime.fromisoformat(said_at).replace(tzinfo=UTC)
    clock.move_to(moment + timedelta(minutes=6))
    talked(COMPLETE | {"datum": "morgen", "uhrzeit": "16 Uhr"}, started_at=moment, end_heard_at=moment)
    assert calendar.requests[0][2]["start"] == booked
    assert Appointment.objects.get().starts_at == datetime.fromisoformat(booked)
    (message,) = Notification.objects.filter(channel="sms", kind="confirmation")
    assert written in texts.sms(message, "+493023125100")
