"""A salon's appointment, and a customer who opens its page and presses what is on it."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from appointments.models import Appointment
from calls.models import Branch
from tests.appointments import salon
from tests.appointments.page.visitor import Visitor


@pytest.fixture(autouse=True)
def counters_of_this_test(settings: Any) -> None:
    settings.REDIS_KEY_PREFIX = f"{settings.REDIS_KEY_PREFIX}-{uuid.uuid4().hex}"


@pytest.fixture
def place(db: None, clock: Any) -> Branch:
    address = {"street": "Birkenallee 3", "postal_code": "10119", "city": "Berlin", "phone": "+493023125100"}
    return salon.branch(salon.company(), **address)


@pytest.fixture
def appointment(place: Branch) -> Appointment:
    """Thursday 3 December 2026, 14:00 to 14:45 in Berlin, confirmed; it is Monday."""
    return Appointment.objects.create(
        company=place.company,
        branch=place,
        customer=salon.customer(place.company, email="ole.linde@example.org"),
        service=salon.service(place.company),
        staff=salon.staff(place),
        starts_at=salon.WISH,
        ends_at=salon.WISH + timedelta(minutes=45),
        status=Appointment.Status.CONFIRMED,
        sync_status=Appointment.Sync.SYNCED,
        calcom_uid="uid-of-the-page",
        attendee_name="Ole Linde",
        attendee_email="ole.linde@example.org",
        attendee_phone="+4915550100456",
    )


@pytest.fixture
def visitor(appointment: Appointment) -> Iterator[Visitor]:
    yield Visitor(appointment)
