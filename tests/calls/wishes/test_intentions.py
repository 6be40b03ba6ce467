"""A caller who wants to cancel or move never gets a further appointment, however the agent writes it down."""

import json
from itertools import cycle, product
from typing import Any

import pytest

from calls.models import Unclear
from calls.retell.call import parse_call
from calls.retell.storage import permitted_variables
from calls.wishes.extraction import Extraction, extract
from calls.wishes.intention_words import BESIDE, FIELD, NAMED_CANCEL, NAMED_MOVE
from calls.wishes.intentions import Intention, concerns_existing


def listed(words: str) -> list[str]:
    return words.split(", ")


COMPLETE = {"datum": "05.12.2026", "uhrzeit": "14 Uhr", "dienstleistung": "Haarschnitt", "name": "Ole Linde"}
WISHES: dict[str, dict[str, Any]] = {"complete": COMPLETE, "incomplete": {"datum": "05.12.2026"}, "none": {}}
MOVE = [
    "verschieben",
    "Termin verschieben",
    "Terminverschiebung",
    "möchte verschieben",
    "verschoben",
    "verlegen",
    "Terminverlegung",
    "vorverlegen",
    "umbuchen",
    "Umbuchung",
    "umzubuchen",
    "Termin ändern",
    "Terminänderung",
    "UMBUCHUNG",
    "Änderung des Termins",
    "reschedule",
    "Reschedule appointment",
    "reschedule_appointment",
    "rescheduleAppointment",
    "RESCHEDULING",
    "postpone",
    "rebook",
    "change appointment",
    "appointment_change",
]
STATED_MOVE = [
    "ändern",
    "Änderung",
    "anderer Termin",
    "nach hinten schieben",
    "vorziehen",
    "move",
    "MOVE_APPOINTMENT",
    "change",
]
CANCEL = [
    "absagen",
    "Absage",
    "Terminabsage",
    "Termin absagen",
    "abgesagt",
    "abzusagen",
    "sagt den Termin ab",
    "stornieren",
    "Stornierung",
    "Storno",
    "STORNO",
    "annullieren",
    "cancel",
    "Cancel appointment",
    "cancel_booking",
    "cancelAppointment",
    "cancellation",
    "cancelled",
    "kann den Termin nicht wahrnehmen",
    "can't make it",
]
STATED_CANCEL = listed("Termin löschen, kann nicht kommen, Termin streichen, delete appointment, call off")
STATING = [
    "anliegen",
    "Anliegen",
    "intent",
    "absicht",
    "art_des_anliegens",
    "anliegen_typ",
    "anrufgrund",
    "grund_des_anrufs",
    "call_reason",
    "reason_for_call",
    "caller_intent",
    "customer_intent",
    "kundenanliegen",
    "aktion",
    "action",
    "request_type",
    "vorgang",
    "_anliegen",
    "callerIntent",
    "Art des Anliegens",
]
OTHER = [
    "notizen",
    "kundenpraeferenzen",
    "anmerkungen",
    "dienstleistung",
    "service",
    "bemerkung",
    "freitext",
    "wunschtermin",
]
FLAGS = {
    Intention.MOVE: [
        "termin_verschieben",
        "verschieben",
        "verschiebung_gewuenscht",
        "umbuchung",
        "umbuchung_gewünscht",
        "terminverschiebung",
        "termin_ändern",
        "reschedule",
        "reschedule_requested",
        "wants_to_reschedule",
        "wantsToReschedule",
        "is_reschedule",
        "move_appointment",
        "appointment_change_requested",
    ],
    Intention.CANCEL: [
        "termin_absagen",
        "absage",
        "absage_gewuenscht",
        "terminabsage",
        "stornierung",
        "storno",
        "termin_stornieren",
        "cancel",
        "cancel_requested",
        "wants_to_cancel",
        "is_cancellation",
        "cancelAppointment",
        "cancellation_requested",
    ],
}
SOURCES = ("analysis", "collected", "underscored")


def heard(source: str = "collected", **values: Any) -> Extraction:
    fields: dict[str, dict[str, Any]] = {
        "analysis": {"call_analysis": {"custom_analysis_data": values}},
        "collected": {"collected_dynamic_variables": values},
        "underscored": {f"_{name}": value for name, value in values.items()},
        "session": {"retell_llm_dynamic_variables": values},
    }
    return extract(parse_call({"call_id": "call_0123456789", **fields[source]}))


@pytest.mark.parametrize(("field", "source"), list(zip(STATING, cycle(SOURCES))))
def test_a_field_for_the_intention_keeps_from_booking_in_every_word(field: str, source: str) -> None:
    assert_never_booked_by_intention(field, source)


@pytest.mark.parametrize(("field", "source"), list(zip(OTHER, cycle(SOURCES))))
def test_the_same_words_in_any_other_field_keep_from_booking(field: str, source: str) -> None:
    assert_never_booked_by_mention(field, source)


@pytest.mark.long
@pytest.mark.parametrize("source", SOURCES)
def test_every_word_in_every_field_of_every_source_keeps_from_booking(source: str) -> None:
    for field in STATING:
        assert_never_booked_by_intention(field, source)
    for field in (*STATING, *OTHER):
        assert_never_booked_by_mention(field, source)


def assert_never_booked_by_intention(field: str, source: str) -> None:
    for expected, said in ((Unclear.MOVE, (*MOVE, *STATED_MOVE)), (Unclear.CANCEL, (*CANCEL, *STATED_CANCEL))):
        for words, wish in product(said, WISHES.values()):
            assert heard(source, **{**wish, field: words}).objection is expected, words


def assert_never_booked_by_mention(field: str, source: str) -> None:
    for expected, said in ((Unclear.MOVE, MOVE), (Unclear.CANCEL, CANCEL)):
        for words in said:
            assert heard(source, **{**COMPLETE, field: f"bitte {words}, danke"}).objection is expected, words


@pytest.mark.parametrize(
    ("intention", "field"), [(intention, name) for intention, names in FLAGS.items() for name in names]
)
def test_a_flag_keeps_from_booking_when_it_is_set_and_only_then(intention: Intention, field: str) -> None:
    expected = {Intention.MOVE: Unclear.MOVE, Intention.CANCEL: Unclear.CANCEL}[intention]
    for yes, wish in product((True, "true", "ja", "Ja, bitte", "yes", 1, "auf Freitag"), WISHES.values()):
        assert heard(**{**wish, field: yes}).objection is expected, yes
    for no in (False, "false", "nein", "Nein, danke", "no", 0, "", None, "none", "{{absage}}", "nicht gewünscht"):
        assert heard(**{**COMPLETE, field: no}).objection is None, no


@pytest.mark.parametrize("listed", ["list", "JSON"])
def test_an_intention_inside_a_list_of_appointments_is_heard(listed: str) -> None:
    termine: Any = [{**COMPLETE, "aktion": "absagen"}, {**COMPLETE, "datum": "06.12.2026"}]
    termine = json.dumps(termine) if listed == "JSON" else termine
    assert heard(termine=termine).objection is Unclear.CANCEL


def test_the_new_time_of_a_move_stands_in_the_wish() -> None:
    extraction = heard(datum="03.12.2026", uhrzeit="10 Uhr", neues_datum="05.12.2026", neue_uhrzeit="14 Uhr")
    assert extraction.objection is Unclear.MOVE
    assert (extraction.wishes[0].date_words, extraction.wishes[0].time_words) == ("05.12.2026", "14 Uhr")


@pytest.mark.parametrize(
    "field", ["alter_termin", "altes_datum", "bisheriger_termin", "old_date", "original_appointment"]
)
def test_an_old_appointment_is_named_by_who_moves_or_cancels_it(field: str) -> None:
    assert heard(**COMPLETE, **{field: "03.12."}).objection is Unclear.MOVE
    assert heard(**COMPLETE, **{field: "03.12.", "anliegen": "absagen"}).objection is Unclear.CANCEL
    assert heard(**COMPLETE, **{field: "unbekannt"}).objection is None


@pytest.mark.parametrize(
    "fields",
    [
        {"anliegen": "buchen", "termin_absagen": True},
        {"intent": "book appointment", "notizen": "will den alten Termin verschieben"},
        {"anliegen": "absagen", "umbuchung": "ja"},
        {"anliegen": "absagen", "intent": "reschedule"},
    ],
)
def test_intentions_that_contradict_each_other_ask(fields: dict[str, Any]) -> None:
    assert heard(**COMPLETE, **fields).objection is Unclear.MIXED


def test_to_cancel_one_and_to_book_another_is_to_move() -> None:
    assert heard(**COMPLETE, anliegen="Termin absagen und neu buchen").objection is Unclear.MOVE
    assert heard(**COMPLETE, anliegen="umbuchen", termin_gewuenscht=True).objection is Unclear.MOVE


@pytest.mark.parametrize("field", STATING)
@pytest.mark.parametrize(
    "words",
    [
        "buchen",
        "Termin buchen",
        "Terminbuchung",
        "Terminvereinbarung",
        "neuer Termin",
        "book",
        "booking",
        "new appointment",
        "Termin",
        "Haarausfall",
        "Haarfarbe ändern lassen",
        "Beratung",
        "Remove tattoo",
        "Bewegung",
        "Rückenschmerzen",
        "Sonstiges",
    ],
)
def test_every_other_word_still_books(field: str, words: str) -> None:
    extraction = heard(**{**COMPLETE, field: words})
    assert extraction.objection is None and extraction.complete


@pytest.mark.parametrize(
    "fields",
    [
        {"stornobedingungen_erklaert": True},
        {"cancellation_policy_read": "yes"},
        {"absagefrist": "24 h"},
        {"alter": "34"},
        {"neuer_termin": "ja"},
        {"name": "Annette Verlegh", "customer_name": "Storno"},
        {"zusammenfassung": "Die Kundin kann den Termin bis 24 Stunden vorher absagen."},
        {"call_summary": "May cancel until Friday."},
        {"termin_gebucht": True, "appointment_booked": "true"},
        {"notizen": "Er sagt, ab 15 Uhr passt es auch."},
        {"notizen": "Bitte um 14 Uhr buchen, nicht früher."},
    ],
)
def test_what_only_looks_like_it_still_books(fields: dict[str, Any]) -> None:
    assert heard(**{**COMPLETE, **fields}).objection is None


def test_what_an_agent_was_told_of_cancelling_keeps_nobody_from_booking() -> None:
    rules = {"stornoregel": "Absagen bis 24 Stunden vorher", "heute_datum": "29.11.2026"}
    call = {"call_id": "call_0123456789", "retell_llm_dynamic_variables": rules}
    assert extract(parse_call({**call, "collected_dynamic_variables": {**rules, **COMPLETE}})).objection is None
    assert extract(parse_call({**call, "retell_llm_dynamic_variables": {**rules, **COMPLETE}})).objection is None


@pytest.mark.parametrize("words", ["Preisfrage", "Frage", "Auskunft", "Öffnungszeiten", "price", "question", "Info"])
def test_who_only_asks_wants_no_appointment(words: str) -> None:
    assert heard(anliegen=words).wishes == ()
    assert heard(anliegen=words, datum="morgen").wishes == (), "the day that was asked about"
    assert heard(**COMPLETE, anliegen=words).objection is Unclear.CONTRADICTION
    assert heard(**COMPLETE, anliegen=words, termin_gewuenscht=True).objection is None


@pytest.mark.parametrize("words", ["Termin bestätigen", "confirm booking", "Frage zum Termin", "Verspätung melden"])
def test_who_speaks_of_an_appointment_that_stands_is_not_given_another(words: str) -> None:
    assert heard(**COMPLETE, anliegen=words).objection is Unclear.CONTRADICTION


@pytest.mark.parametrize(
    "fields",
    [
        {"rueckruf": True},
        {"anliegen": "Rückruf"},
        {"callback": "yes"},
        {"intent": "call me back"},
        {"rueckruf_zeit": "ab 15"},
    ],
)
def test_a_call_back_is_heard_wherever_it_stands(fields: dict[str, Any]) -> None:
    extraction = heard(**COMPLETE, **fields)
    assert extraction.callback_requested and extraction.objection is None


def test_a_plain_no_to_a_call_back_is_believed() -> None:
    assert not heard(rueckruf_gewuenscht="nein", anliegen="Rückruf").callback_requested


def test_the_words_for_the_names_of_fields_mean_one_thing() -> None:
    assert not NAMED_MOVE & NAMED_CANCEL and not (FIELD | BESIDE) & (NAMED_MOVE | NAMED_CANCEL)


@pytest.mark.parametrize(
    ("words", "mentioned"),
    [
        ("Ich muss leider absagen.", True),
        ("Ich sage den Termin am Freitag ab.", True),
        ("Was kostet das?", False),
        ("Das kann ich noch nicht sagen, das hängt von der Arbeit ab.", False),
    ],
)
def test_a_word_of_cancelling_is_heard_in_a_sentence(words: str, mentioned: bool) -> None:
    assert concerns_existing(words) is mentioned


@pytest.mark.parametrize("setting", ["basic_attributes_only", "everything_except_pii"])
@pytest.mark.parametrize(
    ("fields", "objection"),
    [
        ({"anliegen": "Frau Öztürk will den Termin verschieben"}, Unclear.MOVE),
        ({"wantsToCancel": "ja, sie ist krank"}, Unclear.CANCEL),
        ({"bemerkung": "bitte stornieren, Tel. 030 23125211"}, Unclear.CANCEL),
        ({"alter_termin": "3.12. bei Mara"}, Unclear.MOVE),
        ({"alter_termin": "3.12. bei Mara", "anliegen": "absagen"}, Unclear.CANCEL),
        ({"anliegen": {"typ": "Absage"}}, Unclear.CANCEL),
        ({"termine": [{**COMPLETE, "aktion": "umbuchen"}]}, Unclear.MOVE),
        ({"anliegen": "Preisfrage"}, Unclear.CONTRADICTION),
        ({"anliegen": "Termin buchen"}, None),
        ({"lieblingsfarbe": "blau"}, None),
    ],
)
def test_what_the_caller_wants_is_kept_where_the_words_are_not(
    setting: str, fields: dict[str, Any], objection: Unclear | None
) -> None:
    call = {"call_id": "call_0123456789", "data_storage_setting": setting}
    told = parse_call({**call, "collected_dynamic_variables": {**COMPLETE, **fields}})
    assert extract(told).objection is objection
    kept = json.dumps(permitted_variables(told.collected_variables))
    assert kept == json.dumps(dict(told.collected_variables)), "kept once, it stays the same"
    assert not any(words in kept for words in ("Öztürk", "krank", "23125211", "Mara", "blau"))
