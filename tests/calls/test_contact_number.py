"""A later call never takes over what a person entered or a confirmed appointment has used."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from appointments.models import Appointment
from calls.models import BookingRequest, Call, Customer, PhoneNumber, Service
from calls.tasks import extract_call_data, identify_customer
from notifications import outbox, recipients
from notifications.models import Notification
from tests.calls.practice import practice, told

pytestmark = pytest.mark.django_db

LINE = "+4915551230011"
FIRST, SECOND = "+4915559876543", "+4915559876544"
# Who the contact number is from, and whether an appointment of the customer was confirmed.
SETTERS = ("nobody", "a person", "an earlier call")
TOOK_PLACE = ("completed", "no_show")


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


@pytest.mark.parametrize("setter", SETTERS)
@pytest.mark.parametrize(
    "state", ["requested", "confirmed", *(pytest.param(state, marks=pytest.mark.long) for state in ("", *TOOK_PLACE))]
)
def test_a_call_only_fills_or_replaces_what_an_unconfirmed_call_said(
    number: PhoneNumber, setter: str, state: str
) -> None:
    if setter == "an earlier call":
        customer = said("call_first", name="Ole Linde", telefonnummer=FIRST).customer
    else:
        known = FIRST if setter == "a person" else ""
        customer = Customer.objects.create(company=number.company, name="Ole Linde", phone=LINE, contact_phone=known)
    assert customer is not None
    if state:
        appointment(customer, state)
    call = said("call_second", name="Ole Linde", telefonnummer=SECOND)
    customer.refresh_from_db()
    replaced = setter == "nobody" or (setter == "an earlier call" and state in ("", "requested"))
    assert customer.contact_phone == (SECOND if replaced else FIRST)
    assert customer.contact_phone_call == (call if replaced else customer.contact_phone_call)
    assert BookingRequest.objects.get(call=call).contact_phone == SECOND


def test_an_appointment_that_was_confirmed_and_cancelled_since_has_used_it(number: PhoneNumber) -> None:
    customer = said("call_first", telefonnummer=FIRST).customer
    assert customer is not None
    appointment(customer, "cancelled", version=2)
    said("call_second", telefonnummer=SECOND)
    customer.refresh_from_db()
    assert customer.contact_phone == FIRST


def test_what_a_person_corrects_in_the_console_is_a_persons(number: PhoneNumber, admin_client: Client) -> None:
    customer = said("call_first", telefonnummer=FIRST).customer
    assert customer is not None
    form = {"name": "Ole Linde", "language": "de", "contact_phone": SECOND, "email": ""}
    assert admin_client.post(f"/admin/calls/customer/{customer.pk}/change/", form).status_code == 302
    said("call_second", telefonnummer=FIRST)
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
