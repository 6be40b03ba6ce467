import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.german.moment import Moment
from calls.retell.call import parse_call
from calls.wishes.answers import consent
from calls.wishes.extraction import (
    MOST_WISHES,
    Extraction,
    extract,
)
from calls.wishes.field_names import CALLBACK, CALLER_FIELDS, LISTS, REQUESTED, WISH_FIELDS
from calls.wishes.mentions import mentions_appointment
from calls.wishes.sources import Source
from calls.wishes.wish import WishedAppointment
from tests.calls.german.asked import BERLIN, NINE_TO_SIX, parse_wish
from tests.calls.recorded import recorded_call


def collected(**variables: object) -> Extraction:
    return extract(parse_call({"call_id": "call_0123456789", "collected_dynamic_variables": variables}))


def only_wish(extraction: Extraction) -> WishedAppointment:
    assert len(extraction.wishes) == 1
    return extraction.wishes[0]


def test_it_reads_the_german_fields_that_the_agent_collected() -> None:
    extraction = extract(recorded_call("call_ended"))

    wish = only_wish(extraction)
    assert (wish.ordinal, wish.source) == (1, Source.COLLECTED)
    assert (wish.date_words, wish.time_words) == ("Donnerstag, den 20. November", "16 Uhr")
    assert (wish.service_words, wish.staff_words) == ("Krankengymnastik", "")
    assert (wish.name, wish.contact_phone, wish.email) == ("Mareike Öztürk", "+493023125211", "")
    assert (wish.sms_consent, wish.email_consent) == (True, None)
    assert wish.complete
    assert extraction.complete
    assert not extraction.needs_review


def test_it_prefers_the_analysis_when_there_is_one() -> None:
    extraction = extract(recorded_call("call_analyzed"))

    wish = only_wish(extraction)
    assert wish.source is Source.ANALYSIS
    assert (wish.date_words, wish.time_words) == ("2025-11-20T16:00:00+01:00", "")
    assert wish.service_words == "Krankengymnastik"
    assert wish.contact_phone == "+493023125211"
    assert wish.sms_consent is True
    assert wish.complete
    assert extraction.appointment_requested is True
    assert not extraction.callback_requested


def test_it_hands_on_words_that_name_the_moment() -> None:
    call = recorded_call("call_analyzed")
    wish = only_wish(extract(call))
    assert call.started_at is not None

    moment = parse_wish(
        wish.date_words, wish.time_words, said_at=call.started_at, zone=BERLIN, opening_hours=NINE_TO_SIX
    )

    assert moment == Moment(datetime(2025, 11, 20, 15, 0, tzinfo=UTC))


def test_it_reads_two_appointments_of_one_call() -> None:
    first, second = extract(recorded_call("call_ended.two_wishes")).wishes

    assert (first.ordinal, first.date_words, first.time_words, first.service_words, first.name) == (
        1, "morgen", "halb drei", "Haarschnitt", "Tobias Ängström",
    )  # fmt: skip
    assert (second.ordinal, second.date_words, second.time_words, second.service_words, second.name) == (
        2, "nächste Woche Montag", "10 Uhr", "Farbe", "Lina Ängström",
    )  # fmt: skip


def test_it_takes_the_caller_but_no_service_from_the_first_appointment_for_the_second() -> None:
    _, second = collected(
        datum="morgen", uhrzeit="16 Uhr", dienstleistung="Farbe", mitarbeiter_wunsch="Anna", name="Lina Ängström",
        telefonnummer="030 23125211", sms_einwilligung="ja", datum_2="übermorgen", uhrzeit_2="17 Uhr",
    ).wishes  # fmt: skip

    assert (second.name, second.contact_phone, second.sms_consent) == ("Lina Ängström", "+493023125211", True)
    assert (second.service_words, second.staff_words) == ("", "")


TWO = [
    {"datum": "morgen", "uhrzeit": "16 Uhr", "dienstleistung": "Farbe"},
    {"date": "20.11.", "time": "17 Uhr", "service": "Schnitt", "name": "Lina Ängström"},
]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("written", [TWO, json.dumps(TWO)], ids=["list", "JSON in a string"])
def test_it_reads_a_list_of_appointments(name: str, written: object) -> None:
    first, second = collected(name="Tobias Ängström", **{name: written}).wishes if name != "name" else ()

    assert (first.date_words, first.time_words, first.service_words) == ("morgen", "16 Uhr", "Farbe")
    assert (second.date_words, second.time_words, second.service_words) == ("20.11.", "17 Uhr", "Schnitt")
    assert (first.name, second.name) == ("Tobias Ängström", "Lina Ängström")


def test_it_reads_a_single_appointment_that_is_an_object() -> None:
    assert only_wish(collected(termin={"datum": "morgen", "start": "2025-11-18T16:00"})).date_words == (
        "morgen, 2025-11-18T16:00"
    )


def test_it_says_so_when_there_are_more_appointments_than_it_reads() -> None:
    extraction = collected(termine=[{"datum": f"{day}.12.", "uhrzeit": "16 Uhr"} for day in range(1, 8)])

    assert len(extraction.wishes) == MOST_WISHES
    assert extraction.more_than_read
    assert extraction.needs_review


def test_it_takes_day_and_time_from_one_source_and_never_mixes_two() -> None:
    extraction = extract(
        parse_call(
            {
                "call_id": "call_0123456789",
                "call_analysis": {"custom_analysis_data": {"datum": "Freitag", "dienstleistung": "Farbe"}},
                "collected_dynamic_variables": {"datum": "Donnerstag", "uhrzeit": "16 Uhr"},
                "retell_llm_dynamic_variables": {"uhrzeit": "9 Uhr", "name": "Lina Ängström"},
            }
        )
    )

    wish = only_wish(extraction)
    assert (wish.source, wish.date_words, wish.time_words) == (Source.COLLECTED, "Donnerstag", "16 Uhr")
    assert (wish.service_words, wish.name) == ("Farbe", "Lina Ängström")


def test_it_is_incomplete_when_no_source_says_both() -> None:
    extraction = extract(
        parse_call(
            {
                "call_id": "call_0123456789",
                "collected_dynamic_variables": {"datum": "Donnerstag"},
                "retell_llm_dynamic_variables": {"uhrzeit": "9 Uhr"},
            }
        )
    )

    wish = only_wish(extraction)
    assert (wish.date_words, wish.time_words) == ("Donnerstag", "")
    assert not wish.complete
    assert not extraction.complete


@pytest.mark.parametrize(
    "fields",
    [
        {"retell_llm_dynamic_variables": {"datum": "morgen", "uhrzeit": "16 Uhr"}},
        {"_datum": "morgen", "_uhrzeit": "16 Uhr"},
        {"collected_dynamic_variables": {"Datum": "morgen", "UHRZEIT": 16}},
        {"collected_dynamic_variables": {"appointment-date": "morgen", "appointment time": "16 Uhr"}},
    ],
)
def test_it_reads_every_source_and_spelling(fields: dict[str, object]) -> None:
    wish = only_wish(extract(parse_call({"call_id": "call_0123456789", **fields})))

    assert wish.date_words == "morgen"
    assert wish.time_words in {"16 Uhr", "16"}


@pytest.mark.parametrize(
    "nothing", ["", "  ", "{{datum}}", "am {{datum}}", "null", "None", "nicht angegeben", None, [], 1.5]
)
def test_it_takes_an_unfilled_field_as_not_said(nothing: object) -> None:
    assert collected(datum=nothing, uhrzeit=nothing, name="Lina Ängström").wishes == ()


def test_it_takes_the_words_that_our_own_prompt_put_in_as_no_wish() -> None:
    assert extract(recorded_call("call_started")).wishes == ()


def test_it_holds_an_incomplete_wish_when_an_appointment_was_asked_for_without_a_time() -> None:
    extraction = collected(appointment_requested="true", dienstleistung="Farbe")

    wish = only_wish(extraction)
    assert (wish.date_words, wish.time_words, wish.service_words) == ("", "", "Farbe")
    assert not wish.complete


def test_it_books_nothing_when_the_agent_says_that_no_appointment_was_asked_for() -> None:
    extraction = collected(appointment_requested=False, datum="morgen", uhrzeit="16 Uhr")

    assert extraction.wishes == ()
    assert extraction.appointment_requested is False


@pytest.mark.parametrize(
    "changes", [{"disconnection_reason": "voicemail_reached"}, {"call_analysis": {"in_voicemail": True}}]
)
def test_it_books_nothing_when_nobody_talked(changes: dict[str, object]) -> None:
    assert extract(recorded_call("call_ended", **changes)).wishes == ()


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"collected_dynamic_variables": {"callback_requested": "true"}}, True),
        ({"collected_dynamic_variables": {"rueckruf_gewuenscht": "ja"}}, True),
        ({"collected_dynamic_variables": {"callback_requested": "false"}}, False),
        ({"disconnection_reason": "user_requested_callback"}, True),
    ],
)
def test_it_hears_the_wish_to_be_called_back(changes: dict[str, object], wanted: bool) -> None:
    assert extract(recorded_call("call_ended", **changes)).callback_requested is wanted


@pytest.mark.parametrize(
    ("name", "successful", "booked"),
    [
        ("book_appointment_cal", True, True),
        ("book_appointment_cal", None, False),
        ("book_appointment_cal_v17", True, True),
        ("book_appointment_cal", False, False),
        ("check_availability_cal", True, False),
        ("collect_appointment_data", True, False),
    ],
)
def test_it_knows_when_the_agent_booked_by_itself(name: str, successful: bool | None, booked: bool) -> None:
    tools = [
        {"role": "tool_call_invocation", "tool_call_id": "1", "name": name, "arguments": "{}"},
        {"role": "tool_call_result", "tool_call_id": "1", "content": "", "successful": successful},
    ]

    assert extract(recorded_call("call_ended", transcript_with_tool_calls=tools)).booked_by_agent is booked


def test_it_needs_no_review_when_the_agent_booked_by_itself() -> None:
    extraction = extract(recorded_call("call_ended.booked_by_agent", collected_dynamic_variables={}))

    assert extraction.booked_by_agent
    assert extraction.mentions_appointment
    assert not extraction.needs_review


def test_incident_22_it_never_books_from_the_transcript_but_asks_for_a_review() -> None:
    extraction = extract(recorded_call("call_ended", collected_dynamic_variables={}))

    assert extraction.wishes == ()
    assert extraction.mentions_appointment
    assert extraction.needs_review


@pytest.mark.parametrize(
    ("transcript", "mentioned"),
    [
        ("User: Ich hätte gern einen Termin.\n", True),
        ("User: Geht es am Mittwoch?\n", True),
        ("User: Übermorgen passt mir.\n", True),
        ("User: Hallo\nund einen TERMINWUNSCH\n", True),
        ("Agent: Möchten Sie einen Termin buchen?\nUser: Nein danke.\n", False),
        ("Agent: Hallo\nam Mittwoch\nUser: Falsch verbunden.\n", False),
        ("User: Guten Morgen, wann haben Sie offen?\n", False),
        ("User: Ich lese gern Bücher.\n", False),
        ("Termin\n", False),
        ("", False),
        (None, False),
    ],
)
def test_it_listens_only_to_the_caller(transcript: str | None, mentioned: bool) -> None:
    assert mentions_appointment(transcript) is mentioned


@pytest.mark.parametrize(
    ("said", "given_"),
    [
        ("ja", True), ("Ja, gerne.", True), ("JA!", True), (True, True), ("true", True), ("einverstanden", True),
        ("nein", False), ("Nein, danke", False), (False, False), ("false", False),
        ("", None), ("vielleicht", None), ("ja, aber nicht per SMS", None), ("{{sms_einwilligung}}", None),
        (None, None), (1, None), (["ja"], None), ("ja" * 5000, None),
    ],
)  # fmt: skip
def test_it_takes_only_a_plain_word_for_consent(said: object, given_: bool | None) -> None:
    assert consent(said) is given_


@pytest.mark.parametrize("words", ["egal", "Keine Präferenz", "keiner"])
def test_it_takes_no_preference_for_no_wish(words: str) -> None:
    wish = only_wish(collected(datum="morgen", uhrzeit="16 Uhr", mitarbeiter_wunsch=words))

    assert wish.staff_words == ""


@pytest.mark.parametrize(
    ("said", "kept"),
    [("lina@example.org", "lina@example.org"), ("lina at example punkt org", ""), ("@", ""), ("a@b@example.org", "")],
)
def test_it_keeps_an_address_only_when_it_is_one(said: str, kept: str) -> None:
    assert only_wish(collected(datum="morgen", uhrzeit="16 Uhr", email=said)).email == kept


def test_it_never_makes_readable_words_by_cutting() -> None:
    wish = only_wish(collected(datum="morgen" + " " * 300 + "nicht", uhrzeit="16 Uhr"))

    assert len(wish.date_words) == 200
    answer = parse_wish(
        wish.date_words,
        wish.time_words,
        said_at=datetime(2025, 11, 17, tzinfo=UTC),
        zone=BERLIN,
        opening_hours=NINE_TO_SIX,
    )
    assert not isinstance(answer, Moment)


def test_it_shows_no_personal_data_in_a_traceback() -> None:
    assert "Mareike" not in repr(extract(recorded_call("call_ended")))


def test_it_reads_the_wish_of_the_contracts_example_when_the_contract_is_there(contracts: Path) -> None:
    call = parse_call(json.loads((contracts / "examples/retell/call_analyzed.json").read_text()))
    wish = only_wish(extract(call))
    assert call.started_at is not None

    answer = parse_wish(
        wish.date_words, wish.time_words, said_at=call.started_at, zone=BERLIN, opening_hours=NINE_TO_SIX
    )

    assert answer == Moment(datetime(2026, 12, 3, 13, 0, tzinfo=UTC))
    assert (wish.service_words, wish.name) == ("Haarschnitt", "Jürgen Weiß")


ALL_NAMES = [name for fields in (WISH_FIELDS, CALLER_FIELDS) for names in fields.values() for name in names]
NAMES = st.sampled_from([*ALL_NAMES, *REQUESTED, *CALLBACK, *LISTS, "datum_2", "uhrzeit_2", "name_9"]) | st.text(
    max_size=9
)
ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=20)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | ANY_TEXT
    | st.sampled_from(["morgen", "16 Uhr", "[[{}]]"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=10,
)
VALUES = st.dictionaries(NAMES, JSON, max_size=6)


@given(VALUES, VALUES, VALUES)
def test_it_reads_any_call_without_an_error(
    analysis: dict[str, object], variables: dict[str, object], dynamic: dict[str, object]
) -> None:
    extraction = extract(
        parse_call(
            {
                "call_id": "call_0123456789",
                "call_analysis": {"custom_analysis_data": analysis},
                "collected_dynamic_variables": variables,
                "retell_llm_dynamic_variables": dynamic,
            }
        )
    )

    assert len(extraction.wishes) <= MOST_WISHES
    assert len({wish.ordinal for wish in extraction.wishes}) == len(extraction.wishes)
    for wish in extraction.wishes:
        assert max(len(wish.date_words), len(wish.time_words), len(wish.service_words), len(wish.name)) <= 200
        (wish.date_words + wish.time_words + wish.name + wish.notes).encode()
