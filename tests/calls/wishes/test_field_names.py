"""One table of names: no variable that our session sets is read as an agent's."""

import itertools
from datetime import UTC, datetime

import pytest
import time_machine

from calls.inbound import dynamic_variables
from calls.models import Customer
from calls.wishes.field_names import (
    CALLBACK,
    CALLER_FIELDS,
    FORMER_CLOCK,
    LISTED_FIELDS,
    LISTS,
    REQUESTED,
    RETELL_NAMES,
    WISH_FIELDS,
    Session,
    folded_name,
    numbered,
)
from tests.calls.practice import NUMBER, practice

READ = {
    name for fields in (WISH_FIELDS, LISTED_FIELDS, CALLER_FIELDS) for names in fields.values() for name in names
} | {*REQUESTED, *CALLBACK, *LISTS}


def spellings(name: str) -> set[str]:
    """The spellings in which builders of agents write the same name."""
    umlauts = name.replace("ae", "ä").replace("oe", "ö").replace("ue", "ü")
    cases = {f(each) for each in (name, umlauts) for f in (str, str.upper, str.title, str.capitalize)}
    parts = {case.replace("_", joint) for case in cases for joint in ("_", "-", " ")}
    ends = itertools.product(("", "_", "__"), ("", "_", "1", "_2", "9"))
    return {f"{prefix}{part}{suffix}" for part, (prefix, suffix) in itertools.product(parts, ends)}


def read_as(key: str) -> str:
    return numbered(folded_name(key))[0]


@pytest.mark.parametrize("name", [*Session, *RETELL_NAMES])
def test_no_name_of_the_session_is_one_that_is_read(name: str) -> None:
    assert {read_as(spelling) for spelling in spellings(name)}.isdisjoint(READ)


def test_every_spelling_of_a_name_that_is_read_is_read() -> None:
    for name in READ - {*REQUESTED, *CALLBACK, *LISTS} - {each for names in LISTED_FIELDS.values() for each in names}:
        assert {read_as(spelling) for spelling in spellings(name)} == {name}


def test_the_names_of_today_are_still_read() -> None:
    assert {"datum", "uhrzeit", "name", "telefonnummer", "dienstleistung", "email", "mitarbeiter_wunsch"} <= READ
    assert FORMER_CLOCK in WISH_FIELDS["time"]


@pytest.mark.django_db
def test_the_session_has_the_names_of_the_table_and_no_others() -> None:
    number = practice()
    Customer.objects.create(company=number.company, phone="+4915551230011")
    with time_machine.travel(datetime(2026, 11, 29, 17, 55, tzinfo=UTC), tick=False):
        assert set(dynamic_variables(NUMBER, "+4915551230011")) == set(Session)
