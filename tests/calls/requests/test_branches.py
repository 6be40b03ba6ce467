"""One number or one agent for several branches: the caller says which, and nothing is guessed."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from appointments.booking.booker import book_call
from appointments.models import FollowUp
from calls.inbound import dynamic_variables
from calls.models import BookingRequest, Branch, Company, PhoneNumber, Service, Staff
from calls.requests.rows import write_wishes
from calls.wishes.extraction import extract
from tests.calls.practice import HOURS, NUMBER, practice, the_call, told

pytestmark = pytest.mark.django_db

AGENT = "agent_71c0"
UNKNOWN_NUMBER = "+493023125299"
WISH = {"datum": "Donnerstag, den 20. November", "uhrzeit": "16 Uhr", "dienstleistung": "Krankengymnastik"}


@pytest.fixture
def mitte() -> PhoneNumber:
    """A practice in Mitte, whose number also answers for one in Steglitz."""
    number = practice()
    number.more_branches.add(second_branch(number.company))
    return number


def second_branch(of: Company) -> Branch:
    return Branch.objects.create(
        company=of, name="Steglitz", street="Schloßstraße 12", city="Berlin", opening_hours=HOURS
    )


def written(**call: Any) -> BookingRequest:
    wish = WISH | call.pop("wish", {})
    told("call_analyzed", collected_dynamic_variables=wish, call_analysis={}, **call)
    heard = the_call()
    return write_wishes(heard, extract(heard))[0]


NAMED = [
    ("Steglitz", "Steglitz", ""),
    ("in der Filiale Steglitz", "Steglitz", ""),
    ("steglits", "Steglitz", ""),
    ("Schloßstraße", "Steglitz", ""),
    ("in der Schlossstrasse", "Steglitz", ""),
    ("Berlin Steglitz", "Steglitz", ""),
    ("Mitte", "Mitte", ""),
    ("", "Mitte", "no_branch"),
    ("Zehlendorf", "Mitte", "unknown_branch"),
    ("egal", "Mitte", "unknown_branch"),
]


@pytest.mark.parametrize(
    ("field", "words", "branch", "unclear"),
    [
        *(("standort", *named) for named in NAMED),
        *((field, *NAMED[0]) for field in ("wunschfiliale", "branch_name", "Location Name")),
    ],
)
def test_the_branch_that_the_caller_names_serves_the_wish(
    mitte: PhoneNumber, field: str, words: str, branch: str, unclear: str
) -> None:
    request = written(wish={field: words})
    assert (request.where.name, request.unclear, request.branch_words) == (branch, unclear, words)


def test_several_branches_of_that_name_are_asked_about(mitte: PhoneNumber) -> None:
    mitte.more_branches.add(Branch.objects.create(company=mitte.company, name="Nord", city="Berlin"))
    assert written(wish={"standort": "Berlin"}).unclear == "ambiguous_branch"


def test_hours_services_and_staff_are_those_of_the_branch_named(mitte: PhoneNumber) -> None:
    steglitz = Branch.objects.get(name="Steglitz")
    steglitz.opening_hours = {"do": [["06:00", "10:00"]]}
    steglitz.save()
    fango = Service.objects.create(company=mitte.company, branch=steglitz, name="Fango")
    Staff.objects.create(company=mitte.company, branch=steglitz, name="Rita Lärche").services.add(fango)
    words = {"standort": "Steglitz", "uhrzeit": "um 8", "dienstleistung": "Fango", "mitarbeiter": "Rita"}
    request = written(wish=words)
    assert (request.unclear, request.staff and request.staff.name) == ("", "Rita Lärche")
    assert request.starts_at == datetime(2025, 11, 20, 7, 0, tzinfo=UTC)


def test_a_person_asks_whoever_did_not_say(mitte: PhoneNumber) -> None:
    request = written()
    book_call(request.call_id or 0)
    follow_up = FollowUp.objects.get()
    assert (follow_up.reason, follow_up.detail) == ("unknown_branch", "no_branch")


def test_where_there_is_one_branch_nothing_is_asked() -> None:
    practice()
    assert written(wish={"standort": "Zehlendorf"}).unclear == ""


def test_what_is_no_longer_served_is_not_offered(mitte: PhoneNumber) -> None:
    Branch.objects.filter(name="Steglitz").update(is_active=False)
    assert written().unclear == ""


@pytest.mark.parametrize(("words", "branch", "unclear"), NAMED[:1] + NAMED[6:8])
def test_an_agent_with_two_numbers_of_one_company_is_asked_about(words: str, branch: str, unclear: str) -> None:
    number = practice()
    PhoneNumber.objects.create(
        company=number.company, branch=second_branch(number.company), number="+493023125201", retell_agent_id=AGENT
    )
    request = written(to_number=UNKNOWN_NUMBER, agent_id=AGENT, wish={"standort": words})
    assert (request.where.name, request.unclear) == (branch, unclear)
    assert request.company == number.company


def test_the_number_that_was_dialled_says_it_whatever_the_agent(mitte: PhoneNumber) -> None:
    mitte.more_branches.clear()
    PhoneNumber.objects.create(
        company=mitte.company, branch=Branch.objects.get(name="Steglitz"), number="+493023125201", retell_agent_id=AGENT
    )
    assert written(agent_id=AGENT).unclear == ""


def test_an_agent_of_two_companies_leaves_the_call_unassigned() -> None:
    practice()
    practice("+493023125201", "salon-birke")
    assert told("call_ended", to_number=UNKNOWN_NUMBER, agent_id=AGENT).status == "unassigned"


def test_the_agent_is_told_a_branch_only_where_there_is_one(mitte: PhoneNumber) -> None:
    assert dynamic_variables(NUMBER, "anonymous")["filiale"] == ""
    mitte.more_branches.clear()
    assert dynamic_variables(NUMBER, "anonymous")["filiale"] == "Mitte"


def test_the_list_shows_all_branches_and_the_form_refuses_those_of_others(
    admin_client: Client, mitte: PhoneNumber
) -> None:
    assert "Mitte, Steglitz" in admin_client.get("/admin/calls/phonenumber/").content.decode()
    other = Branch.objects.create(company=Company.objects.create(name="Fremd", slug="fremd"), name="Fern")
    form = {
        "company": mitte.company_id,
        "branch": mitte.branch_id,
        "more_branches": [other.pk],
        "number": NUMBER,
        "is_active": "on",
    }
    page = admin_client.post(f"/admin/calls/phonenumber/{mitte.pk}/change/", form)
    assert "Some of these branches belong to another company." in page.content.decode()
