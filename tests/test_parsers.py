"""Every reader of texts from outside takes any text, and says so in its own way when it can make nothing of it: never
by an error that nobody expects. What it makes can be stored."""

import math
import os
import zoneinfo
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import pytest
from cronsim import CronSimError
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.test import RequestFactory
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from appointments.admin.calendar.asked import Period, _day, _view
from appointments.admin.working import _read as read_button
from appointments.availability import choices
from appointments.booking.fields import _typed
from appointments.calcom.event import CalcomEvent, opened
from appointments.replies import words as replies
from askpro import correlation, http, network
from askpro.console import day_range, masking, payload
from askpro.console.json_field import StorableJSONField
from askpro.console.metrics import period
from askpro.console.metrics.focus import Focus
from askpro.console.nonsense import Nonsense
from askpro.console.repair import moments
from askpro.console.term import Term
from askpro.environment import Environment
from askpro.queues import cron
from askpro.reading import Unreadable, clean, moment, name, text, whole
from askpro.watch.quiet import quiet_hours
from askpro.watch.stores import document as watch_document
from calls import phone, strangers
from calls import text as compared
from calls.company_file.document import Faults
from calls.company_file.document import read as read_company_file
from calls.functions.asked import Asked, Function, named
from calls.german.opening_hours import InvalidOpeningHours, OpeningHours
from calls.german.time import names_day_and_time, parse_wish
from calls.retell.call import parse_call
from calls.retell.fields import InvalidCall, storable_object
from calls.wishes import answers, extraction, field_names, intentions, mentions, statements
from notifications import gsm, links, markup
from notifications.delivery.reports import _reference
from notifications.twilio.event import Reply, TwilioEvent
from tests.webhooks.signing import recorded
from webhooks.door import signatures
from webhooks.door.refusal import Refused
from webhooks.inbox.reading import Malformed, load_form, load_object

MANY = 3_000 if os.environ.get("ASKPRO_TEST_LONG") == "1" else 60
many = settings(max_examples=MANY, deadline=None, database=None, suppress_health_check=list(HealthCheck))
NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
HOURS = OpeningHours.from_json({"mo": [["09:00", "18:00"]], "do": [["09:00", "24:00"]]})
# What the readers look for, so that some of what is made goes past their first look.
_PIECES = """
morgen übermorgen Montag nächsten 3. 31.12. 29.2. 2026-12-03 2026-02-30 2026-12-03T25:61 9999-12-31T23:59:59-23:59
0001-01-01T00:00:00+23:59 halb viertel vor nach um Uhr 16 24:00 25:00 ٣ ² ½ 1e999 nan inf -0 1_000 0x10 +49 0049 030
(0) 00 + ++ * # stop stopp ja nein absagen verschieben auf bitte tomorrow next friday noon at 4 pm a@b.de @ < > & ; , =
== : :: / // \\ % %00 %ff %ED%A0%80 [ ] [[ ]] { } {{ }} {} {when} {x *a: &a !!python/object:os.system !!binary <<: ? |
' " \\u0000 \\ud800 \\u00fc null true ~ 0o7 .inf -.nan 9999999999999999999 */0 */5 1-99 L W @daily 31 2 v=1,d= key=
algorithm=HMAC_SHA256 bodySHA256 1.1.1.1 ::1 fe80::1%x askpro_ Bearer Basic company: branches: - name: x smtp://a:b@c:x
postgres://[ redis://x:99999 a=b,c=d ="" 'a
"""
PIECES = st.sampled_from(_PIECES.split())
# Also in such numbers that something long comes of it.
_REPEATED = (
    *("\x00", "\ud800", "\udfff", "\u202e", "\u2028", "\ufeff", "\r\n", "\x1b[0m", "🙂👩‍👩‍👧", "ẞıİ", "a\u0301"),
    *("9", "-", "[", '{"a":', "x", " ", "&", "a=", "&a="),
)
ODD = st.builds(lambda piece, times: piece * times, st.sampled_from(_REPEATED), st.sampled_from([1, 400, 5000]))
ALWAYS = ["", *_PIECES.split(), *_REPEATED, *(piece * 2000 for piece in _REPEATED), "9" * 5000]
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=[]), max_size=40),
    st.lists(st.one_of(PIECES, PIECES, ODD, st.text(max_size=4)), max_size=8).map(" ".join),
    st.lists(st.one_of(PIECES, PIECES, PIECES, st.text(max_size=2)), max_size=8).map("".join),
    st.lists(PIECES, max_size=8).map("\n".join),
)
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)
Reader = Callable[[Any], object]


def environment(kind: str) -> Reader:
    def read(value: str) -> object:
        class Own(Environment):
            ENVIRON = {"ASKED": value}

        return getattr(Own(), kind)("ASKED", **({"engine": "askpro.postgresql"} if kind == "db" else {}))

    return read


def wished(said: str) -> object:
    half = len(said) // 2
    names_day_and_time(said[:half], said[half:])
    return [
        parse_wish(*each, said_at=NOW, zone=BERLIN, opening_hours=HOURS)
        for each in ((said, ""), (said[:half], said[half:]))
    ]


def replied(said: str) -> object:
    reply = Reply.from_fields({"Body": said, "From": said, "To": said, "OptOutType": said})
    return [
        read(reply) for read in (replies.is_stop, replies.is_start, replies.cancels, replies.answer_in, replies.wish_in)
    ]


def signed(header: str) -> object:
    for verify in (
        lambda: signatures.verify_retell(b"{}", header, ["key"], 1),
        lambda: signatures.verify_calcom(b"{}", header, ["key"]),
        lambda: signatures.verify_twilio("https://askpro.example/x", [("a", header)], header, ["key"]),
        lambda: signatures.verify_twilio("https://askpro.example/x?" + header, (), "x", ["key"], json_body=b"{}"),
        lambda: signatures.twilio_settings(header),
    ):
        try:
            verify()
        except Refused:
            continue
    return None


def sent_from(told: str) -> object:
    request = RequestFactory().get("/", REMOTE_ADDR=told, headers={"X-Forwarded-For": told})
    return network.network_of(request), network.address_of(request)


def form_field(kind: str) -> Reader:
    return lambda said: _typed(kind, ["Ja", "Nein"] if kind == "select" else [], said)


def json_typed(said: str) -> object:
    field = StorableJSONField(required=False)
    field.bound_data(said, None)
    return field.clean(said)


def company_file(said: str) -> object:
    return read_company_file(said, Faults()).plain()


# What reads it, and how it refuses; beside none, an answer such as None does.
READERS: dict[str, tuple[Reader, tuple[type[Exception], ...]]] = (
    {
        "a wish of a call": (wished, ()),
        "a phone number": (lambda said: [phone.normalise(said, each) for each in ("DE", "AT", "CH", "US", None)], ()),
        "an SMS": (replied, ()),
        "a name": (strangers.plausible_name, ()),
        "a quotation": (lambda said: [strangers.quotation(said, each) for each in ("de", "en")], ()),
        "words with links": (strangers.unlinked, ()),
        "one line": (strangers.one_line, ()),
        "words to compare": (
            lambda said: (compared.fold(said), compared.name_parts(said), compared.word_set(said)),
            (),
        ),
        "an existing appointment": (intentions.concerns_existing, ()),
        "a transcript": (lambda said: (mentions.mentions_appointment(said), mentions.mentions_existing(said)), ()),
        "a name of a field": (lambda said: field_names.numbered(field_names.folded_name(said)), ()),
        "a function's name": (named, ()),
        "a list as JSON": (statements.listed, ()),
        "signatures": (signed, ()),
        "a reference in an address": (_reference, ()),
        "a customer's link": (links.read, ()),
        "a chosen time": (choices.read, ()),
        "an id of a story": (correlation.sane, ()),
        "a sender": (sent_from, ()),
        "a pause that a vendor asks for": (
            lambda said: [
                http.pause({each: said}) for each in ("retry-after-ms", "Retry-After", "X-RateLimit-Reset-x")
            ],
            (),
        ),
        "a day of the console": (day_range.read_day, ()),
        "a moment of the console": (
            lambda said: [moments.read_moment(said, is_end=each) for each in (True, False)],
            (),
        ),
        "a period of the console": (lambda said: period.read({"from": said, "to": said, "range": said}, NOW), ()),
        "what figures are about": (
            lambda said: Focus.read(dict.fromkeys(("queue", "actor", "company", "vendor"), said)),
            (),
        ),
        "a view of the calendar": (_view, (Nonsense,)),
        "a day of the calendar": (lambda said: Period(_view(""), _day(said, date(2026, 12, 1))), (Nonsense,)),
        "a time of a button": (read_button, ()),
        "what is searched for": (lambda said: Term.of(said, ("DE", "CH", "US")), ()),
        "JSON as it is typed": (json_typed, (ValidationError,)),
        "a stored payload": (lambda said: [payload.indented(said), payload.pretty({said: said})], ()),
        "masked words": (
            lambda said: [each(said) for each in (masking.name, masking.phone, masking.email, masking.words)],
            (),
        ),
        "a company's file": (company_file, ()),
        "a company's own text": (markup.parse, (markup.Unreadable,)),
        "characters of an SMS": (lambda said: (gsm.gsm_segments(said), gsm.gsm_text(said)), ()),
        "quiet hours": (quiet_hours, (ValueError,)),
        "an expression of the schedule": (lambda said: cron.next_tick(said, "Europe/Berlin", NOW), (CronSimError,)),
        "state of the watch": (watch_document.read, ()),
    }
    | {
        f"a setting: {kind}": (environment(kind), (ImproperlyConfigured,))
        for kind in ("str", "bool", "int", "float", "list", "dict", "db", "email_url")
    }
    | {
        f"an answer for Cal.com: {kind}": (form_field(kind), ())
        for kind in ("boolean", "number", "multiselect", "select", "text")
    }
)


@pytest.mark.parametrize("what", READERS)
@pytest.mark.django_db
def test_it_reads_any_text_or_refuses_it(what: str) -> None:
    read, refusals = READERS[what]

    def take(said: str) -> None:
        try:
            assert is_plain(read(said)), said
        except refusals:
            return

    for said in ALWAYS:
        take(said)
    many(given(TEXTS)(take))()


def is_plain(value: object) -> bool:
    """Whether numbers in it are such as JSON has: nothing endless gets any further."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(map(is_plain, value.values()))
    return all(map(is_plain, value)) if isinstance(value, list | tuple) else True


OBJECTS: dict[str, tuple[Reader, tuple[type[Exception], ...]]] = {
    "a call": (parse_call, (InvalidCall,)),
    "what a call wishes": (lambda said: extraction.extract(parse_call({**TOLD["call"], **said})), (InvalidCall,)),
    "a function's request": (
        lambda said: Asked.from_fields(Function.BOOK, {"call": TOLD["call"], "args": said}).key,
        (InvalidCall,),
    ),
    "an event of Cal.com": (CalcomEvent.from_fields, (Unreadable,)),
    "an opened event of Cal.com": (lambda said: (opened(said).subject, opened(said).happened_at), ()),
    "a callback of Twilio": (lambda said: TwilioEvent.from_fields(said).error_code, ()),
    "what is stored of a call": (storable_object, ()),
    "opening hours": (OpeningHours.from_json, (InvalidOpeningHours,)),
}
TOLD = recorded("retell", "call_analyzed")
NAMES = st.sampled_from(
    [
        *("call", "args", "event", "call_id", "from_number", "to_number", "transcript", "start_timestamp", "mo", "do"),
        *("call_analysis", "custom_analysis_data", "collected_dynamic_variables", "transcript_with_tool_calls"),
        *("datum", "uhrzeit", "termine", "appointments", "telefon", "name", "dienstleistung", "datum_2", "payload"),
        *(
            "triggerEvent",
            "createdAt",
            "uid",
            "startTime",
            "attendees",
            "metadata",
            "MessageStatus",
            "ErrorCode",
            "Body",
        ),
    ]
)


@pytest.mark.parametrize("what", OBJECTS)
def test_it_reads_any_object_or_refuses_it(what: str) -> None:
    read, refusals = OBJECTS[what]

    @many
    @given(st.dictionaries(st.one_of(NAMES, NAMES, TEXTS), ANYTHING, max_size=8))
    def take(said: dict[str, Any]) -> None:
        try:
            read(said)
        except refusals:
            return

    take()


VALUES: dict[str, Reader] = {
    "a text": lambda said: text(said, 40),
    "a name": lambda said: name(said, 40),
    "a whole number": whole,
    "a moment": moment,
    "said": answers.said,
    "a consent": lambda said: (answers.consent(said), answers.affirms(said)),
    "statements": statements.statements,
}


@pytest.mark.parametrize("what", VALUES)
def test_it_reads_any_value(what: str) -> None:
    def take(said: object) -> None:
        VALUES[what](said)

    many(given(ANYTHING)(take))()


@many
@given(TEXTS)
def test_a_text_that_was_cleaned_can_be_stored(said: str) -> None:
    cleaned = clean(said, 100)
    assert "\x00" not in cleaned
    cleaned.encode()


@many
@given(st.one_of(st.binary(max_size=80), TEXTS.map(lambda said: said.encode("utf-8", "surrogatepass"))))
@example(b"\x1f\x8b\x08\x00")
@example(b"a=1&" * 5000)
@example("Ähm".encode("utf-16"))
@example(b"%ED%A0%80=%00")
def test_any_bytes_are_an_object_a_form_or_refused(body: bytes) -> None:
    for read in (load_object, load_form):
        with suppress(Malformed):
            assert isinstance(read(body), dict)
    for kind in ("application/json", "application/x-www-form-urlencoded", "text/plain; charset=utf-7", ""):
        payload.readable(body, kind).encode("utf-8", "surrogatepass")
