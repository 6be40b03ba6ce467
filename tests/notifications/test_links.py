"""The addresses of customers' own pages."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appointments.models import Appointment
from notifications import links
from notifications.links import Kind, Reference

KEY = "a-key-of-the-tests"
FIRST = Reference(Kind.APPOINTMENT, 1)
LONGEST = 2**63 - 1


@pytest.fixture(autouse=True)
def key(settings: Any) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = KEY, []


def test_it_leads_to_the_appointment(appointment: Appointment) -> None:
    url = links.link_for(appointment)
    assert url.startswith("https://askpro.example/t/a") and url.endswith("/")
    assert links.read(url.split("/")[-2]) == Reference(Kind.APPOINTMENT, appointment.pk)
    assert links.link_for(appointment) == url


@pytest.mark.parametrize(("pk", "length"), [(1, 13), (3_843, 14), (14_776_335, 16), (14_776_336, 17), (LONGEST, 23)])
def test_it_is_short(pk: int, length: int) -> None:
    assert len(links.token_of(Reference(Kind.APPOINTMENT, pk))) == length


@given(st.integers(0, LONGEST))
def test_it_is_read_back(pk: int) -> None:
    token = links.token_of(Reference(Kind.APPOINTMENT, pk))
    assert token.isalnum() and token.isascii()
    assert links.read(token) == Reference(Kind.APPOINTMENT, pk)


@given(st.text(max_size=40))
def test_it_reads_nothing_from_what_strangers_write(text: str) -> None:
    assert links.read(text) is None


def test_a_token_with_one_other_character_is_none() -> None:
    token = links.token_of(Reference(Kind.APPOINTMENT, 4_711))
    for place, was in enumerate(token):
        for other in "aAzZ09":
            if other != was:
                assert links.read(token[:place] + other + token[place + 1 :]) is None


@pytest.mark.parametrize("around", ["{} ", " {}", "{}\n", "0{}", "{}0", "a{}", "ä{}", "{}" + "a" * 20])
def test_a_token_with_something_around_it_is_none(around: str) -> None:
    assert links.read(around.format(links.token_of(FIRST))) is None


def test_a_kind_that_nobody_knows_is_none() -> None:
    # As one of a later release: signed, but there is no page for it here.
    signature = links._signature("x1", KEY)
    assert links.read(f"x1{signature}") is None


def test_it_reads_what_an_earlier_key_has_signed(settings: Any) -> None:
    token = links.token_of(FIRST)
    settings.SECRET_KEY = "the-next-key"
    assert links.read(token) is None
    settings.SECRET_KEY_FALLBACKS = ["older", KEY]
    assert links.read(token) == FIRST
    assert links.token_of(FIRST) != token


def test_it_is_over_a_week_after_the_end(appointment: Appointment) -> None:
    end = appointment.ends_at + timedelta(days=7)
    assert not links.is_over(appointment, end - timedelta(seconds=1))
    assert links.is_over(appointment, end)
