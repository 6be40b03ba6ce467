"""Event types of teams, read from the sandbox's Cal.com: who does them, and which are only templates."""

import pytest

from appointments.calcom import client as calcom
from appointments.calcom.event_types import EventType
from appointments.changes import sync
from appointments.models import Appointment, FollowUp
from appointments.tasks import create_appointment_from_call
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from calls.models import Company, Service, Staff
from tests.appointments.salon import WISH, branch, call, company, customer, request, service, staff

pytestmark = pytest.mark.django_db(transaction=True)

HAIRCUT, COLOUR, BEARD = 4711, 4712, 4713
KAETHE, OEMER = 20817, 20818


@pytest.fixture
def salon(sandbox: SandboxClient) -> Company:
    sandbox.switch(event_type_kinds={str(HAIRCUT): {"team": "roundRobin"}, str(BEARD): {"team": "managed"}})
    here = branch(company(calcom_api_key=LOCAL["CALCOM_API_KEY"]))
    service(here.company, HAIRCUT, judged_at=None)
    for host in (KAETHE, OEMER):
        staff(here, host, name=f"Host {host}", email=f"{host}@example.org")
    return here.company


def read(of: Company) -> None:
    assert sync.sync_event_types(calcom.for_company(of), of) == []


def hosts(of: Company, event_type: int) -> set[int | None]:
    people = Service.objects.get(company=of, calcom_event_type_id=event_type).staff.all()
    return {person.calcom_user_id for person in people}


def test_a_sync_reads_them_with_their_hosts_and_those_of_the_user(salon: Company) -> None:
    read(salon)
    assert {HAIRCUT, COLOUR, BEARD} <= set(salon.services.values_list("calcom_event_type_id", flat=True))
    assert (hosts(salon, HAIRCUT), hosts(salon, COLOUR)) == ({KAETHE, OEMER}, {KAETHE})


def test_who_left_a_team_no_longer_does_it_and_who_is_not_at_calcom_stays(
    salon: Company, sandbox: SandboxClient
) -> None:
    haircut = Service.objects.get(calcom_event_type_id=HAIRCUT)
    gone, here = staff(salon.branches.get(), 999, name="Gone"), staff(salon.branches.get(), None, name="Here")
    haircut.staff.add(gone, here)
    read(salon)
    assert hosts(salon, HAIRCUT) == {KAETHE, OEMER, None}


def test_nobody_is_taken_away_while_no_host_is_entered_as_staff(salon: Company) -> None:
    Staff.objects.filter(calcom_user_id__in=[KAETHE, OEMER]).delete()
    only = staff(salon.branches.get(), 999)
    Service.objects.get(calcom_event_type_id=HAIRCUT).staff.add(only)
    read(salon)
    assert hosts(salon, HAIRCUT) == {999}


@pytest.mark.parametrize(("event_type", "is_booked"), [(HAIRCUT, True), (BEARD, False)])
def test_a_teams_is_booked_and_a_template_goes_to_a_person(
    salon: Company, sandbox: SandboxClient, event_type: int, is_booked: bool
) -> None:
    Service.objects.update(calcom_event_type_id=event_type)
    wish = request(call(salon.branches.get(), customer(salon)), service=Service.objects.get(), starts_at=WISH)
    create_appointment_from_call(call_id=wish.call_id)
    assert Appointment.objects.exists() is is_booked
    if not is_booked:
        follow_up = FollowUp.objects.get()
        assert (follow_up.reason, follow_up.detail) == ("not_bookable", "is_template")
        assert sandbox.bookings() == []


@pytest.mark.parametrize("route", ["calcom.list_teams", "calcom.list_team_event_types"])
@pytest.mark.parametrize("status", [403, 404])
def test_teams_that_calcom_does_not_show_hide_nothing_else(
    salon: Company, sandbox: SandboxClient, route: str, status: int
) -> None:
    sandbox.fault(route, status=status, times=9)
    found = {each.id for each in calcom.for_company(salon).event_types()}
    assert COLOUR in found and HAIRCUT not in found


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"hosts": [{"userId": 1, "name": "A"}, {"userId": "x"}, None, 7]}, {1: "A"}),
        ({"users": [{"id": 2, "name": "B"}], "hosts": "all"}, {2: "B"}),
        ({"hosts": [{"userId": 1, "name": 5}], "users": [{"id": 1, "name": "A"}]}, {1: "A"}),
        ({}, {}),
    ],
)
def test_hosts_are_read_whatever_is_said(said: dict, expected: dict) -> None:
    found = EventType.from_api({"id": 5, "title": "x"} | said)
    assert found is not None and found.hosts == expected
