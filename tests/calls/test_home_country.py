"""National numbers are read as the branch's country's, wherever they come in. All invented."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from appointments.calcom.booking import Attendee, Booking, Status
from appointments.changes.people import attendee_facts, customer_of
from appointments.models import Appointment
from askpro.api.models import ApiToken
from askpro.console.term import Term
from calls.inbound import dynamic_variables
from calls.models import BookingRequest, Branch, Company, Customer, PhoneNumber, Service, countries
from calls.tasks import extract_call_data, identify_customer
from calls.tenancy import number_named
from tests.calls.practice import practice, the_call, told

pytestmark = pytest.mark.django_db

SAID, IN_AUSTRIA, IN_GERMANY = "0664 123456", "+43664123456", "+49664123456"


@pytest.fixture
def vienna() -> PhoneNumber:
    """A branch in Vienna of a German company."""
    number = practice("+431234567890")
    Branch.objects.update(country="AT")
    number.refresh_from_db()
    return number


def test_a_caller_and_the_number_that_they_say(vienna: PhoneNumber) -> None:
    told("call_ended", to_number="+431234567890", from_number=SAID, call_analysis=None)
    call = the_call()
    call.variables["collected_dynamic_variables"]["telefonnummer"] = SAID
    call.save()

    identify_customer(call_id=call.pk)
    type(call).objects.update(status="analyzed")
    extract_call_data(call_id=call.pk)

    assert Customer.objects.get().phone == IN_AUSTRIA
    assert BookingRequest.objects.get().contact_phone == IN_AUSTRIA
    assert dynamic_variables("+431234567890", SAID)["kunde_bekannt"] == "ja"


def test_the_number_that_was_dialled(vienna: PhoneNumber) -> None:
    assert number_named("01 234567890") == vienna
    assert number_named("431234567890") == vienna

    Branch.objects.update(country="")

    assert number_named("01 234567890") is None


def test_an_attendee_at_cal_com(vienna: PhoneNumber) -> None:
    row = Service.objects.create(company=vienna.company, name="Schnitt", calcom_event_type_id=1)
    starts_at = datetime(2026, 12, 3, 13, tzinfo=UTC)
    appointment = Appointment(company=vienna.company, branch=vienna.branch, service=row, starts_at=starts_at)
    known = Customer.objects.create(company=vienna.company, phone=IN_AUSTRIA)
    ends_at = starts_at + timedelta(hours=1)
    booking = Booking("uid", Status.ACCEPTED, starts_at, ends_at, attendees=(Attendee("Ole Linde", "", SAID),))

    assert customer_of(booking, appointment) == known
    assert attendee_facts(booking, appointment)["attendee_phone"] == IN_AUSTRIA


@pytest.mark.parametrize(("of_branch", "read"), [("AT", IN_AUSTRIA), ("", IN_GERMANY)])
def test_a_form_of_the_console(admin_client: Client, vienna: PhoneNumber, of_branch: str, read: str) -> None:
    Branch.objects.update(country=of_branch)
    form = {"company": vienna.company.pk, "branch": vienna.branch.pk, "number": SAID, "is_active": "on"}

    admin_client.post("/admin/calls/phonenumber/add/", form)

    assert PhoneNumber.objects.exclude(pk=vienna.pk).get().number == read


def test_a_request_of_the_api(vienna: PhoneNumber) -> None:
    token = ApiToken(company=vienna.company, name="Buchungsseite")
    secret = token.renew()
    token.save()
    at = datetime.now(UTC).replace(microsecond=0).isoformat()
    wish = {"starts_at": at, "service": "Massage", "attendee": {"name": "Ole Linde", "phone": "01 234567890"}}
    client = Client(headers={"Authorization": f"Bearer {secret}"})

    def complaint() -> bool:
        answer = client.post("/api/v1/appointment-requests/", wish, content_type="application/json")
        return "attendee.phone" in answer.json()["fields"]

    assert not complaint()
    Branch.objects.update(country="DE")
    assert complaint()


def test_a_search_finds_the_number_in_every_country_that_companies_have(vienna: PhoneNumber) -> None:
    here = Customer.objects.create(company=vienna.company, phone=IN_AUSTRIA)
    there = Customer.objects.create(company=vienna.company, phone=IN_GERMANY)
    assert set(Customer.objects.filter(Term.of(SAID, countries()).numbers("phone"))) == {here, there}
    assert set(Customer.objects.filter(Term.of("0664 1", countries()).numbers("phone"))) == {here, there}
    assert set(Customer.objects.filter(Term.of("0664 123456", ["AT"]).numbers("phone"))) == {here}


def test_a_country_is_one_of_the_world(admin_client: Client, vienna: PhoneNumber) -> None:
    def saved(country: str) -> Company:
        form = {"name": "Praxis", "slug": "praxis", "timezone": "Europe/Berlin", "country": country, "language": "de"}
        form |= {
            "quiet_from": "21:00",
            "quiet_until": "08:00",
            "is_active": "on",
            "change_notice_minutes": "0",
            "report_hour": "20",
        }
        form |= {"offer_minutes": "20", "offer_lead_minutes": "120"}
        for prefix in ("branches", "phone_numbers"):
            form |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
        admin_client.post(f"/admin/calls/company/{vienna.company.pk}/change/", form)
        return Company.objects.get(pk=vienna.company.pk)

    assert saved("at").country == "AT"
    assert saved("XX").country == "AT"
