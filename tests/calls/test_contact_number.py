"""A number that is said becomes a customer's with its confirmed appointment; a later call takes nothing over."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from appointments.changes import consequences
from appointments.models import Appointment
from calls.models import BookingRequest, Call, Customer, CustomerNumber, PhoneNumber, Service
from calls.tasks import extract_call_data, identify_customer
from notifications import outbox, recipients
from notifications.models import Notification
from tests.calls.practice import practice, told

pytestmark = pytest.mark.django_db

LINE = "+4915551230011"
FIRST, SECOND = "+4915559876543", "+4915559876544"
# Who the contact number is from; older releases took down what was only said.
SETTERS = ("nobody", "a person", "an earlier call")


@pytest.fixture
def number() -> PhoneNumber:
    return practice()


def said(call_id: str, **variables: str) -> Call:
    """A call from the one line, read."""
    words = {"datum": "morgen", "uhrzeit": "16 Uhr", "dienstleistung": "Massage"} | variables
    told("call_ended", call_id=call_id, from_number=LINE, collected_dynamic_variables=words)
    call = Call.objects.get(retell_call_id=call_id)
    extract_call_data(call_id=call.pk)
    identify_customer(call_id=call.pk)
    call.refresh_from_db()
    return call


def appointment(customer: Customer, status: str, request: BookingRequest | None = None, **values: Any) -> Appointment:
    starts_at = timezone.now() + timedelta(days=2)
    return Appointment.objects.create(
        company=customer.company,
        service=Service.objects.first(),
        customer=customer,
        booking_request=request,
        status=status,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30),
        **values,
    )


def confirmed(call: Call) -> Appointment:
    """The appointment that this call asked for, as both sides have just agreed to it."""
    request = BookingRequest.objects.get(call=call)
    assert call.customer is not None
    booked = appointment(call.customer, "confirmed", request, attendee_name=request.name)
    consequences.settle_request(booked, revived=False)
    return booked


@pytest.mark.parametrize("setter", SETTERS)
def test_a_number_that_was_said_is_the_customers_once_its_appointment_is_confirmed(
    number: PhoneNumber, setter: str
) -> None:
    known = "" if setter == "nobody" else FIRST
    customer = Customer.objects.create(company=number.company, name="Ole Linde", phone=LINE, contact_phone=known)
    if setter == "an earlier call":
        customer.contact_phone_call = said("call_first", name="Ole Linde", telefonnummer=FIRST)
        customer.save()
    call = said("call_second", name="Ole Linde", telefonnummer=SECOND, sms_einwilligung="ja")
    customer.refresh_from_db()
    assert (customer.contact_phone, customer.sms_consent_at) == (known, None), "nothing is agreed yet"
    confirmed(call)
    customer.refresh_from_db()
    replaced = setter != "a person"
    assert customer.contact_phone == (SECOND if replaced else FIRST)
    assert (customer.sms_consent_at is not None) is replaced
    assert CustomerNumber.objects.filter(customer=customer, number=SECOND, known="said").exists() is replaced
    assert BookingRequest.objects.get(call=call).contact_phone == SECOND


@pytest.mark.parametrize(("status", "version"), [("confirmed", 1), ("completed", 1), ("cancelled", 2)])
def test_a_number_that_an_appointment_has_used_stays(number: PhoneNumber, status: str, version: int) -> None:
    first = said("call_first", name="Ole Linde", telefonnummer=FIRST)
    booked = confirmed(first)
    Appointment.objects.filter(pk=booked.pk).update(status=status, version=version)
    confirmed(said("call_second", name="Ole Linde", telefonnummer=SECOND))
    assert first.customer is not None
    first.customer.refresh_from_db()
    assert first.customer.contact_phone == FIRST


@pytest.mark.parametrize("words", [{"name": "Ina Linde"}, {"telefonnummer": "030 23125100"}, {"telefonnummer": LINE}])
def test_another_persons_number_and_one_that_takes_no_sms_are_not_the_customers(
    number: PhoneNumber, words: dict[str, str]
) -> None:
    Customer.objects.create(company=number.company, name="Ole Linde", phone=LINE)
    confirmed(said("call_first", **{"name": "Ole Linde", "telefonnummer": FIRST} | words))
    assert Customer.objects.get().contact_phone == ""


def test_what_a_person_corrects_in_the_console_is_a_persons(number: PhoneNumber, admin_client: Client) -> None:
    first = said("call_first", name="Ole Linde", telefonnummer=FIRST)
    confirmed(first)
    customer = first.customer
    assert customer is not None
    form = {"name": "Ole Linde", "language": "de", "contact_phone": SECOND, "email": ""}
    assert admin_client.post(f"/admin/calls/customer/{customer.pk}/change/", form).status_code == 302
    confirmed(said("call_second", name="Ole Linde", telefonnummer=FIRST))
    customer.refresh_from_db()
    assert (customer.contact_phone, customer.contact_phone_call) == (SECOND, None)


@pytest.mark.parametrize("agreed", ["ja", "nein", ""])
def test_a_number_said_later_is_used_for_its_own_appointment_and_only_when_agreed(
    number: PhoneNumber, agreed: str
) -> None:
    customer = Customer.objects.create(
        company=number.company, name="Ole Linde", phone=LINE, contact_phone=FIRST, sms_consent_at=timezone.now()
    )
    earlier = appointment(customer, "confirmed")
    call = said("call_second", name="Ina Linde", telefonnummer=SECOND, sms_einwilligung=agreed)
    later = appointment(customer, "confirmed", BookingRequest.objects.get(call=call))
    assert recipients.number_for(later) == (SECOND if agreed == "ja" else FIRST)
    assert recipients.number_for(earlier) == FIRST
    customer.refresh_from_db()
    assert (customer.contact_phone, customer.sms_consent_at is None) == (FIRST, agreed == "nein")


def test_a_yes_about_another_number_is_no_yes_for_the_customers(number: PhoneNumber) -> None:
    customer = Customer.objects.create(company=number.company, name="Ole Linde", phone=LINE, contact_phone=FIRST)
    call = said("call_second", name="Ina Linde", telefonnummer=SECOND, sms_einwilligung="ja")
    customer.refresh_from_db()
    assert customer.sms_consent_at is None
    later = appointment(customer, "confirmed", BookingRequest.objects.get(call=call))
    outbox.announce(later, "confirmation")
    sms = Notification.objects.get(channel="sms")
    assert (sms.recipient, sms.status) == (SECOND, "pending")
    assert recipients.sms_objection(customer, FIRST) is not None


@pytest.mark.parametrize(
    ("known", "name", "kept"),
    [("Ole Linde", "Ina Linde", None), ("Ole Linde", "ole  linde", "x@example.org"), ("", "Ina", "x@example.org")],
)
def test_somebody_else_on_the_line_gives_neither_name_nor_address(
    number: PhoneNumber, known: str, name: str, kept: str | None
) -> None:
    customer = Customer.objects.create(company=number.company, name=known, phone=LINE, language="en")
    call = said("call_second", name=name, email="x@example.org")
    customer.refresh_from_db()
    assert (customer.name, customer.email, customer.language) == (known or name, kept, "en")
    assert BookingRequest.objects.get(call=call).email == "x@example.org"
