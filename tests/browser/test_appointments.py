"""A customer is on the phone, and the console speaks German: moved and cancelled within few clicks."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import responses
from django.utils import timezone

from appointments.models import Appointment, CalcomUid
from tests.appointments import salon
from tests.appointments.calcom_stub import BASE, CalcomStub
from tests.browser.person import Person

pytestmark = pytest.mark.browser


@pytest.fixture
def appointment(transactional_db: None, settings: Any) -> Iterator[Appointment]:
    """Confirmed, in three days; an hour later is free."""
    settings.CALCOM_BASE_URL = BASE
    starts_at = (timezone.now() + timedelta(days=3)).replace(hour=10, minute=0, second=0, microsecond=0)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        calendar = CalcomStub(mock)
        booking = calendar.book(starts_at.isoformat())
        calendar.free = [f"{starts_at + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"]
        wish = salon.wished()
        row = Appointment.objects.create(
            company=wish.company,
            branch=wish.where,
            customer=wish.who,
            service=wish.service,
            staff=wish.company.staff.get(),
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=45),
            status=Appointment.Status.CONFIRMED,
            attendee_name="Ole Linde",
            calcom_uid=booking["uid"],
        )
        CalcomUid.objects.create(company=row.company, uid=booking["uid"], appointment=row)
        yield row


def test_a_customer_on_the_phone_is_moved_and_cancelled(person: Person, appointment: Appointment) -> None:
    person.find("Linde", appointment)
    person.press("Verschieben")
    person.click(person.page.locator(".af-times a").first, "the first free time")
    person.press("Verschieben")
    person.reads("Verschoben auf")
    person.needed_at_most(5)
    before = appointment.starts_at
    appointment.refresh_from_db()
    assert appointment.starts_at == before + timedelta(hours=1)

    person.start()
    person.find("Linde", appointment)
    person.press("Termin absagen")
    person.press("Termin absagen")
    person.reads("Abgesagt. Der Kunde erfährt es")
    person.needed_at_most(5)
    appointment.refresh_from_db()
    assert appointment.status == "cancelled"
