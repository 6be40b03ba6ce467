"""What was known before the first word of a call never becomes the caller's wish."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.inbound import NEXT_DAYS
from calls.models import BookingRequest
from calls.retell.call import parse_call
from calls.tasks import extract_call_data
from calls.wishes.extraction import Extraction, extract
from calls.wishes.field_names import WISH_FIELDS
from tests.calls.practice import practice, the_call, told
from tests.calls.wishes.test_field_names import spellings

FORMER = {"heute_datum": "29.11.2026", "wochentag": "Sonntag", "uhrzeit": "18:55"}
OF_NOW = {"heute_datum": "29.11.2026", "aktuelle_uhrzeit": "18:55", NEXT_DAYS[4].value: "04.12.2026"}
SESSION, COLLECTED = "retell_llm_dynamic_variables", "collected_dynamic_variables"


def heard(**fields: Any) -> Extraction:
    return extract(parse_call({"call_id": "call_0123456789", "direction": "inbound", **fields}))


def analysis(**values: Any) -> dict[str, Any]:
    return {"call_analysis": {"custom_analysis_data": values}}


@pytest.mark.parametrize("clock", sorted(spellings("uhrzeit")))
def test_the_clock_of_a_session_is_no_wish_in_any_spelling(clock: str) -> None:
    session = {"heute_datum": "29.11.2026", clock: "18:55"}
    assert heard(**{SESSION: session}, **analysis(name="Petra Preisfrage")).wishes == ()
    assert heard(**{SESSION: session, clock if clock.startswith("_") else f"_{clock}": "18:55"}).wishes == ()


@pytest.mark.parametrize(
    ("session", "clock", "source"),
    list(product([FORMER, OF_NOW], ["18:55", "18:55 Uhr", "18.55"], [COLLECTED, "custom_analysis_data", "_"])),
)
def test_a_day_is_never_completed_by_the_sessions_clock(session: dict[str, str], clock: str, source: str) -> None:
    said = {**session, "datum": "05.12.2026", "uhrzeit": clock}
    fields = {
        COLLECTED: {COLLECTED: said},
        "custom_analysis_data": analysis(**said),
        "_": {f"_{name}": value for name, value in said.items()},
    }[source]
    (wish,) = heard(**{SESSION: session}, **fields).wishes
    assert (wish.date_words, wish.time_words, wish.complete) == ("05.12.2026", "", False)


@pytest.mark.parametrize("session", [FORMER, OF_NOW])
def test_a_time_that_was_collected_is_the_wish_although_the_session_has_a_clock(session: dict[str, str]) -> None:
    (wish,) = heard(**{SESSION: session, COLLECTED: {**session, "datum": "05.12.2026", "uhrzeit": "16:00"}}).wishes
    assert (wish.date_words, wish.time_words) == ("05.12.2026", "16:00")


def test_an_agent_of_old_that_collects_into_the_session_is_still_read() -> None:
    (wish,) = heard(**{SESSION: {"datum": "morgen", "uhrzeit": "16 Uhr"}}).wishes
    assert (wish.date_words, wish.time_words) == ("morgen", "16 Uhr")


def test_a_call_that_we_made_wishes_nothing_by_the_variables_it_was_made_with() -> None:
    reminded = {"datum": "05.12.2026", "uhrzeit": "14 Uhr", "dienstleistung": "Massage", "name": "Ole Linde"}
    assert heard(direction="outbound", **{SESSION: reminded}).wishes == ()
    assert heard(direction="outbound", **{SESSION: reminded, COLLECTED: reminded}).wishes == ()


def test_the_appointments_that_an_agent_was_told_of_are_no_wishes() -> None:
    known = [{"datum": "05.12.2026", "uhrzeit": "14 Uhr"}]
    assert heard(**{SESSION: {"termine": known}, COLLECTED: {"termine": known}}).wishes == ()


WHEN = [name for part in ("date", "time", "moment") for name in WISH_FIELDS[part]]
SAID = st.sampled_from(["05.12.2026", "2026-12-05T18:55:00+01:00", "18:55", "14 Uhr", "morgen"])


@given(st.dictionaries(st.sampled_from(WHEN), SAID, min_size=1), st.sampled_from([COLLECTED, "_"]))
def test_what_a_session_began_with_is_never_a_wish_whoever_set_it(session: dict[str, str], repeated: str) -> None:
    again = {COLLECTED: session} if repeated == COLLECTED else {f"_{name}": value for name, value in session.items()}
    call = parse_call({"call_id": "call_0123456789", "direction": "outbound", SESSION: session, **again})
    assert extract(call).wishes == ()


@pytest.mark.django_db
def test_a_price_question_is_neither_a_request_nor_a_follow_up() -> None:
    practice()
    told("call_analyzed", **QUESTION)
    extract_call_data(call_id=the_call().pk)
    assert (the_call().outcome, the_call().needs_review) == ("no_request", False)
    assert not BookingRequest.objects.exists()


@pytest.mark.django_db
def test_a_callback_beside_the_sessions_clock_is_a_callback() -> None:
    practice()
    told("call_analyzed", **QUESTION | analysis(name="Petra Preisfrage", rueckruf_gewuenscht=True))
    extract_call_data(call_id=the_call().pk)
    assert BookingRequest.objects.get().unclear == "callback"


@pytest.mark.django_db
@pytest.mark.parametrize("started_first", [True, False])
def test_what_stood_in_the_first_event_is_never_a_wish(started_first: bool) -> None:
    practice()
    session = {"termin_datum": "05.12.2026", "termin_uhrzeit": "14 Uhr"}
    if started_first:
        told("call_started", **{SESSION: session})
    told("call_analyzed", collected_dynamic_variables={}, call_analysis={}, **{SESSION: session})
    extract_call_data(call_id=the_call().pk)
    assert BookingRequest.objects.exists() is not started_first


QUESTION: dict[str, Any] = {
    SESSION: FORMER,
    COLLECTED: {},
    "transcript": "User: Was kostet ein Haarschnitt?\n",
    **analysis(name="Petra Preisfrage"),
}
