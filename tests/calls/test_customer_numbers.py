"""The numbers of customers, each of them one customer's within a company."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from appointments.changes import whose
from appointments.models import Appointment
from calls.models import Call, Customer, CustomerNumber, PhoneNumber
from calls.models.customer_number import having
from calls.tasks import identify_customer
from notifications import recipients
from tests.appointments.salon import branch, call, company, customer
from tests.calls.practice import practice, told

pytestmark = pytest.mark.django_db

LINE, OTHER, THIRD = "+4915550100456", "+4915550100457", "+4915550100458"


def filled() -> list[tuple[int, str, str, str]]:
    migration = import_module("calls.migrations.0021_numbers_of_customers")
    with connection.schema_editor() as editor:
        migration.fill(apps, editor)
    return list(CustomerNumber.objects.values_list("customer", "number", "kind", "known"))


def test_the_numbers_of_older_releases_get_rows_and_a_line_goes_before_a_contact_number() -> None:
    salon = company()
    said_in = call(branch(salon))
    first = customer(salon, LINE, contact_phone=OTHER, contact_phone_call=said_in)
    second = customer(salon, OTHER, contact_phone=THIRD)
    customer(salon, None)
    expected = [
        (first.pk, LINE, "line", "called"),
        (second.pk, OTHER, "line", "called"),
        (second.pk, THIRD, "contact", "person"),
    ]
    assert filled() == expected
    assert filled() == expected, "a second run changes nothing"
    assert Call.objects.count() == 1


def test_a_customer_is_found_by_each_number_with_or_without_its_row() -> None:
    salon = company()
    known = customer(salon, LINE)
    CustomerNumber.note(known, OTHER, CustomerNumber.Kind.CONTACT, CustomerNumber.Known.SAID)
    CustomerNumber.note(known, THIRD, CustomerNumber.Kind.OTHER, CustomerNumber.Known.PERSON)
    assert [Customer.objects.filter(having(number)).get() for number in (LINE, OTHER, THIRD)] == [known] * 3
    proven = [Customer.objects.filter(having(number, proven=True)).exists() for number in (LINE, OTHER, THIRD)]
    assert proven == [True, False, True], "what was only said proves nothing"


def called(number: PhoneNumber, call_id: str, line: str, **words: str) -> Customer:
    told("call_ended", call_id=call_id, from_number=line, collected_dynamic_variables={"datum": "morgen"} | words)
    row = Call.objects.get(retell_call_id=call_id)
    identify_customer(call_id=row.pk)
    row.refresh_from_db()
    assert row.customer is not None
    return row.customer


@pytest.mark.parametrize("known", CustomerNumber.Known)
def test_a_caller_is_found_by_any_of_their_numbers_and_never_renamed(known: CustomerNumber.Known) -> None:
    number = practice()
    ole = customer(number.company, LINE)
    CustomerNumber.note(ole, OTHER, CustomerNumber.Kind.OTHER, known)
    assert called(number, "call_a", LINE) == called(number, "call_b", OTHER, name="Ina Fremd") == ole
    assert Customer.objects.get().name == "Ole Linde"
    assert [each.pk for each in recipients.holders(OTHER)] == [ole.pk]


def test_whoever_calls_from_it_goes_before_whoever_only_has_it() -> None:
    number = practice()
    ole, ina = customer(number.company, LINE), customer(number.company, OTHER)
    CustomerNumber.note(ole, OTHER, CustomerNumber.Kind.CONTACT, CustomerNumber.Known.SAID)
    assert called(number, "call_a", OTHER) == ina


def test_a_first_call_notes_its_number() -> None:
    number = practice()
    new = called(number, "call_a", LINE)
    assert list(new.numbers.values_list("number", "kind", "known")) == [(LINE, "line", "called")]


def test_a_number_that_was_only_said_lets_nobody_hear_of_appointments() -> None:
    salon = company()
    ole = customer(salon, LINE)
    at = timezone.now() + timedelta(days=2)
    ahead = Appointment.objects.create(
        company=salon, customer=ole, status="confirmed", starts_at=at, ends_at=at + timedelta(minutes=30)
    )
    CustomerNumber.note(ole, OTHER, CustomerNumber.Kind.CONTACT, CustomerNumber.Known.SAID)
    CustomerNumber.note(ole, THIRD, CustomerNumber.Kind.OTHER, CustomerNumber.Known.PERSON)
    assert whose.upcoming(salon, LINE, timezone.now()) == whose.upcoming(salon, THIRD, timezone.now()) == [ahead]
    assert whose.upcoming(salon, OTHER, timezone.now()) == []


def test_a_number_stays_with_whom_it_was_first_known_for() -> None:
    salon, elsewhere = company(), company("praxis-linde")
    first, second, third = customer(salon, LINE), customer(salon, OTHER), customer(elsewhere, OTHER)
    for each in (first, second, third):
        CustomerNumber.note(each, THIRD, CustomerNumber.Kind.OTHER, CustomerNumber.Known.PERSON)
    assert {row.customer for row in CustomerNumber.objects.all()} == {first, third}
