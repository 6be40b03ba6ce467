"""Which of Cal.com's free starts our own rows take away."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from appointments.availability import taken
from appointments.availability.slots import Slots
from appointments.models import Appointment
from calls.models import Service, Staff
from tests.appointments.salon import WISH, branch, company, service, staff

pytestmark = pytest.mark.django_db

RESERVED: dict[str, Any] = {"status": "requested"}
WAITS: dict[str, Any] = {"status": "requested", "calcom_uid": "uid-waits"}
CONFIRMED: dict[str, Any] = {"status": "confirmed", "calcom_uid": "uid-confirmed"}
CANCELLED: dict[str, Any] = {"status": "cancelled"}


@pytest.fixture
def haircut() -> Service:
    """45 minutes, by Mara and Nils."""
    here = branch(company())
    cut = service(here.company)
    for number, name in enumerate(("Mara", "Nils"), 310):
        staff(here, number, name=name).services.add(cut)
    return cut


def person(of: Service, name: str | None) -> Staff | None:
    return Staff.objects.get(company=of.company, name=name) if name else None


def book(of: Service, name: str | None, minutes: int = 0, **values: Any) -> Appointment:
    starts_at = WISH + timedelta(minutes=minutes)
    whole = {"starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=45)} | values
    return Appointment.objects.create(company=of.company, service=of, staff=person(of, name), **whole)


def is_free(of: Service, name: str | None = None, *, is_fresh: bool = True, **values: Any) -> bool:
    return taken.without(Slots([WISH], is_fresh), of, person(of, name), **values) == [WISH]


@pytest.mark.parametrize(
    ("held", "wished", "free"),
    [
        ([], None, True),
        # A reservation takes one of the two, whoever it is for.
        ([("Mara", RESERVED)], None, True),
        ([("Mara", RESERVED), ("Nils", RESERVED)], None, False),
        ([("Mara", RESERVED), (None, RESERVED)], None, False),
        ([(None, RESERVED)], None, True),
        ([(None, RESERVED), (None, RESERVED)], None, False),
        # Cal.com says that one is free, and we know that it is not Nils.
        ([("Mara", RESERVED), ("Nils", CONFIRMED)], None, False),
        ([("Mara", RESERVED), ("Nils", CANCELLED)], None, True),
        # Without a reservation, Cal.com knows better.
        ([("Mara", CONFIRMED), ("Nils", WAITS)], None, True),
        # Cal.com does not say whose time it is.
        ([("Mara", RESERVED)], "Mara", False),
        ([("Mara", CONFIRMED)], "Mara", False),
        ([("Mara", WAITS)], "Mara", False),
        ([("Mara", CANCELLED)], "Mara", True),
        ([("Mara", CONFIRMED)], "Nils", True),
        ([("Mara", RESERVED)], "Nils", True),
    ],
)
def test_of_a_team(haircut: Service, held: list[tuple[str | None, Any]], wished: str | None, free: bool) -> None:
    for name, values in held:
        book(haircut, name, **values)
    assert is_free(haircut, wished) is free


@pytest.mark.parametrize(
    ("held", "is_fresh", "free"),
    [
        ([(None, RESERVED)], True, False),
        ([("Mara", RESERVED)], True, False),
        ([("Mara", CONFIRMED)], True, True),
        ([("Mara", CONFIRMED)], False, False),
        ([("Mara", WAITS)], False, False),
        ([("Mara", CANCELLED)], False, True),
    ],
)
@pytest.mark.parametrize("wished", [None, "Mara"])
def test_of_one_host_calcoms_fresh_word_counts_and_an_old_one_less_than_our_rows(
    haircut: Service, held: list[tuple[str | None, Any]], is_fresh: bool, free: bool, wished: str | None
) -> None:
    Staff.objects.filter(name="Nils").update(is_active=False)
    for name, values in held:
        book(haircut, name, **values)
    assert is_free(haircut, wished, is_fresh=is_fresh) is free


@pytest.mark.parametrize(("minutes", "free"), [(-45, True), (-44, False), (44, False), (45, True)])
def test_incident_04_what_overlaps_takes_it_also_in_part(haircut: Service, minutes: int, free: bool) -> None:
    book(haircut, "Mara", minutes, **RESERVED)
    assert is_free(haircut, "Mara") is free


def test_incident_03_a_reservation_takes_the_time_but_not_from_whom_it_is_for(haircut: Service) -> None:
    haircut.staff.clear()
    reservation = book(haircut, None, **RESERVED)
    assert not is_free(haircut)
    assert is_free(haircut, ignoring=reservation)


def test_what_another_company_holds_takes_nothing(haircut: Service) -> None:
    haircut.staff.clear()
    other = service(company("salon-esche"), 2208)
    book(other, None, **RESERVED)
    assert is_free(haircut)


def test_it_names_what_is_left_in_order(haircut: Service) -> None:
    book(haircut, "Mara", 60, **RESERVED)
    starts: list[datetime] = [WISH + timedelta(minutes=minutes) for minutes in (0, 30, 60, 90, 120)]
    assert taken.without(Slots(starts, True), haircut, person(haircut, "Mara")) == [starts[0], starts[4]]
