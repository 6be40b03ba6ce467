"""The numbers of customers, each of them one customer's within a company."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from calls.models import Call, Customer, CustomerNumber
from calls.models.customer_number import having
from tests.appointments.salon import branch, call, company, customer

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


def test_a_number_stays_with_whom_it_was_first_known_for() -> None:
    salon, elsewhere = company(), company("praxis-linde")
    first, second, third = customer(salon, LINE), customer(salon, OTHER), customer(elsewhere, OTHER)
    for each in (first, second, third):
        CustomerNumber.note(each, THIRD, CustomerNumber.Kind.OTHER, CustomerNumber.Known.PERSON)
    assert {row.customer for row in CustomerNumber.objects.all()} == {first, third}
