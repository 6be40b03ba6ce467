"""Whose a number is: `phone_resolve` says what a call's own way would find, and why."""

import io

import pytest
from django.core.management import call_command

from calls.models import Branch, Company, Customer, PhoneNumber
from tests.calls.practice import NUMBER, practice

pytestmark = pytest.mark.django_db


def resolve(number: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("phone_resolve", number, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


@pytest.mark.parametrize("written", [NUMBER, "030 23125 200", "004930-23125-200", "493023125200"])
def test_it_finds_the_company_however_the_number_is_written(written: str) -> None:
    practice()
    code, said = resolve(written)
    assert code == 0
    assert "praxis-sonnenhof (Praxis-Sonnenhof), because the active number +493023125200 is entered there" in said
    assert "branch       Mitte\n" in said and "agent        agent_71c0 at Retell\n" in said


def test_it_says_what_a_call_would_do() -> None:
    number = practice()
    assert "ends with a follow-up: no service here can be booked by phone" in resolve(NUMBER)[1]
    number.company.services.filter(name="Massage").update(calcom_event_type_id=7)
    assert "can book 1 of 2 services" in resolve(NUMBER)[1]
    Company.objects.update(books_appointments=False)
    assert "is recorded, and nothing is booked" in resolve(NUMBER)[1]


def test_it_names_the_branches_that_a_caller_is_asked_for() -> None:
    number = practice()
    number.more_branches.add(Branch.objects.create(company=number.company, name="Nord"))
    assert "the caller is asked: Mitte, Nord" in resolve(NUMBER)[1]


@pytest.mark.parametrize("of", ["number", "company"])
def test_a_number_that_is_switched_off_is_nobodys_and_it_says_why(of: str) -> None:
    practice()
    (PhoneNumber if of == "number" else Company).objects.update(is_active=False)
    code, said = resolve(NUMBER)
    assert code == 1
    assert f"praxis-sonnenhof has it, and the {of} is not active" in said
    assert "is kept as unassigned" in said


@pytest.mark.parametrize("written", ["", "none of it", "+49", "\x00"])
def test_what_is_no_number_is_said_to_be_none(written: str) -> None:
    code, said = resolve(written)
    assert (code, said.splitlines()[0]) == (1, "read as      no phone number")


def test_it_names_the_customers_with_the_number_by_company_and_without_their_names() -> None:
    ours = practice().company
    customer = Customer.objects.create(company=ours, name="Ole Linde", phone="+4915550100456")
    code, said = resolve("0155 50100456")
    assert code == 1
    assert f"customer {customer.pk} of praxis-sonnenhof" in said and "Linde" not in said
