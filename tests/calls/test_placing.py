"""A person gives a call to the branch that it was for: what is open goes along, what is booked stays."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from appointments.models import Appointment, FollowUp
from calls.models import BookingRequest, Branch, Call, Service, Staff
from calls.placing import appointments_ahead, other_branches, place
from tests.appointments import salon
from tests.console.tenants import bound

pytestmark = pytest.mark.django_db
Status = BookingRequest.Status


@pytest.fixture
def call() -> Call:
    """It came in at Mitte, and asks for one appointment with somebody there."""
    at = salon.branch(salon.company())
    service, person = salon.service(at.company), salon.staff(at)
    found = salon.call(at, salon.customer(at.company))
    salon.request(found, status=Status.FOLLOW_UP, service=service, staff=person)
    FollowUp.objects.create(
        company=at.company, branch=at, call=found, reason="unclear_time", due_at=timezone.now() + timedelta(hours=1)
    )
    return found


@pytest.fixture
def nord(call: Call) -> Branch:
    return Branch.objects.create(company=call.company, name="Nord")


def test_what_is_open_goes_along(call: Call, nord: Branch) -> None:
    assert place(call, nord)

    assert Call.objects.get().branch == nord
    assert FollowUp.objects.get().branch == nord
    assert BookingRequest.objects.get().where == nord


def test_staff_and_services_of_the_other_branch_stay_there(call: Call, nord: Branch) -> None:
    place(call, nord)
    request = BookingRequest.objects.get()
    assert (request.staff, request.service) == (None, Service.objects.get())
    assert request.service_words == "Haare schneiden"

    Service.objects.update(branch=nord)
    Staff.objects.update(branch=nord)
    BookingRequest.objects.update(staff=Staff.objects.get())
    assert place(Call.objects.get(), call.branch)
    request = BookingRequest.objects.get()
    assert (request.staff, request.service) == (None, None)


@pytest.mark.parametrize("status", [Status.BOOKED, Status.CHANGED, Status.DROPPED])
def test_what_is_settled_stays(call: Call, nord: Branch, status: str) -> None:
    BookingRequest.objects.update(status=status, branch=call.branch)
    FollowUp.objects.update(status="done")

    place(call, nord)

    assert BookingRequest.objects.get().branch == call.branch == FollowUp.objects.get().branch


def test_an_appointment_stays_and_it_says_so(call: Call, nord: Branch, admin_client: Client) -> None:
    starts_at = timezone.now() + timedelta(days=2)
    booked = Appointment.objects.create(
        company=call.company,
        branch=call.branch,
        call=call,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=45),
        status="confirmed",
    )

    shown = admin_client.get(f"/admin/calls/call/{call.pk}/branch/").content.decode()
    place(call, nord)

    assert "stays at" in shown and "1 open follow-up goes along." in shown
    assert Appointment.objects.get().branch == booked.branch
    assert list(appointments_ahead(call)) == [booked]


def test_who_comes_second_changes_nothing(call: Call, nord: Branch) -> None:
    west = Branch.objects.create(company=call.company, name="West")
    stale = Call.objects.get()

    assert place(call, west)
    assert not place(stale, nord)
    assert Call.objects.get().branch == west


def test_only_active_branches_of_its_company_are_offered(call: Call, nord: Branch) -> None:
    Branch.objects.create(company=call.company, name="Alt", is_active=False)
    foreign = salon.branch(salon.company("salon-esche"))
    assert list(other_branches(call)) == [nord]

    client = Client()
    client.force_login(bound(call.company))
    answer = client.post(f"/admin/calls/call/{call.pk}/branch/", {"confirmed": "yes", "pick": str(foreign.pk)})

    assert answer.status_code == 200, "it asks again"
    assert Call.objects.get().branch == call.branch
