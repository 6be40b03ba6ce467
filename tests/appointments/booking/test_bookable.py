"""Whether a service may be booked by phone is read from Cal.com before the first booking, shown, and obeyed."""

from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from appointments.calcom.event_types import EventType
from appointments.models import Appointment, FollowUp
from appointments.tasks import create_appointment_from_call, sync_calcom_data
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from calls.models import BookingRequest, Service
from tests.appointments.calcom_stub import CalcomStub, answer
from tests.appointments.salon import EVENT_TYPE, branch, call, company, customer, request, service, staff, wished

pytestmark = pytest.mark.django_db

SEATS = {"seatsPerTimeSlot": 6, "showAttendeeInfo": True, "showAvailabilityCount": True}
INSURANCE = {
    "slug": "kasse",
    "type": "select",
    "label": "Krankenkasse",
    "required": True,
    "options": ["gesetzlich", "privat"],
}
NOTES = {"slug": "notes", "type": "textarea", "required": True, "isDefault": True}
OWN = [
    {"slug": "name", "type": "name", "required": True},
    {"slug": "email", "type": "email", "required": True},
    {"slug": "attendeePhoneNumber", "type": "phone", "required": False},
]

# What an entry of GET /v2/event-types says → what hinders a phone call from booking it.
JUDGED: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"bookingFields": OWN, "price": 0, "recurrence": None, "confirmationPolicy": None, "seats": None}, []),
    ({"seats": {"disabled": True}, "recurrence": {"disabled": True}, "confirmationPolicy": {"disabled": True}}, []),
    ({"seats": SEATS}, ["seats"]),
    ({"seatsPerTimeSlot": 2}, ["seats"]),
    ({"recurrence": {"interval": 1, "occurrences": 4, "frequency": "weekly"}}, ["recurrence"]),
    ({"price": 3900}, ["price"]),
    ({"price": 0.5}, ["price"]),
    ({"metadata": {"apps": {"stripe": {"enabled": True, "price": 1900}}}}, ["price"]),
    ({"metadata": {"apps": {"stripe": {"enabled": False, "price": 1900}}}}, []),
    ({"bookingFields": [*OWN, INSURANCE]}, ["fields"]),
    ({"bookingFields": [*OWN, INSURANCE | {"required": False}]}, []),
    ({"bookingFields": [*OWN, NOTES]}, ["fields"]),
    ({"seats": SEATS, "price": 100, "bookingFields": [INSURANCE]}, ["seats", "price", "fields"]),
]


def entry(**traits: Any) -> dict[str, Any]:
    return answer("event_type") | traits


@pytest.mark.parametrize(("traits", "hindrances"), JUDGED)
def test_a_sync_judges_what_hinders_a_phone_call(
    calendar: CalcomStub, traits: dict[str, Any], hindrances: list[str]
) -> None:
    at = branch(company())
    known = service(at.company, judged_at=None)
    calendar.event_types = [entry(**traits), entry(id=99, title="Neu", **traits)]

    sync_calcom_data(company_id=at.company.pk)

    known.refresh_from_db()
    assert [str(hindrance) for hindrance in known.hindrances] == hindrances
    assert known.judged_at is not None
    assert Service.objects.get(calcom_event_type_id=99).hindrances == known.hindrances, "a new one is judged at once"


def test_a_sync_reads_that_the_host_has_to_agree_and_that_he_no_longer_has_to(calendar: CalcomStub) -> None:
    at = branch(company())
    known = service(at.company)
    for policy, needed in (({"type": "always", "blockUnconfirmedBookingsInBooker": False}, True), (None, False)):
        calendar.event_types = [entry(confirmationPolicy=policy)]
        sync_calcom_data(company_id=at.company.pk)
        known.refresh_from_db()
        assert (known.needs_confirmation, known.hindrances) == (needed, [])


@pytest.mark.parametrize("known_before", [True, False], ids=["read by a sync", "never read"])
@pytest.mark.parametrize("traits", [traits for traits, hindrances in JUDGED if hindrances])
@pytest.mark.usefixtures("clock")
def test_a_person_books_what_no_phone_call_can_and_cal_com_is_not_asked_to(
    calendar: CalcomStub, traits: dict[str, Any], known_before: bool
) -> None:
    wish = wished()
    Service.objects.update(judged_at=None)
    calendar.event_types = [entry(**traits)]
    if known_before:
        sync_calcom_data(company_id=wish.company_id)

    create_appointment_from_call(call_id=wish.call_id)

    wish.refresh_from_db()
    assert (wish.status, FollowUp.objects.get().reason) == ("follow_up", "not_bookable")
    assert not Appointment.objects.exists()
    assert calendar.asked("POST /v2/bookings") == 0
    assert calendar.asked(f"GET /v2/event-types/{EVENT_TYPE}") == (0 if known_before else 1)


@pytest.mark.usefixtures("clock")
def test_a_service_is_read_once_before_its_first_booking(calendar: CalcomStub) -> None:
    wish = wished()
    Service.objects.update(judged_at=None)
    second = request(call(wish.where, call_id="call_0b2"), starts_at=wish.starts_at.replace(hour=15))
    calendar.event_types = [entry()]
    for each in (wish, second):
        create_appointment_from_call(call_id=each.call_id)
    assert Appointment.objects.filter(status="confirmed").count() == 2
    assert calendar.asked(f"GET /v2/event-types/{EVENT_TYPE}") == 1


@pytest.mark.usefixtures("clock")
def test_a_type_that_cal_com_does_not_show_is_booked_all_the_same(calendar: CalcomStub) -> None:
    wish = wished()
    Service.objects.update(judged_at=None)
    create_appointment_from_call(call_id=wish.call_id)
    assert Appointment.objects.get().status == "confirmed"


FIELDS = [
    {"slug": "kasse", "type": "select", "label": "Kasse", "options": ["gesetzlich", "privat"]},
    {"slug": "grund", "type": "textarea", "label": "Grund", "options": []},
    {"slug": "neu", "type": "boolean", "label": "Neu hier", "options": []},
    {"slug": "personen", "type": "number", "label": "Personen", "options": []},
    {"slug": "wege", "type": "multiselect", "label": "Wege", "options": ["Telefon", "Web"]},
    {"slug": "attendeePhoneNumber", "type": "phone", "label": "Telefon", "options": []},
]
ANSWERS = {"kasse": "privat", "grund": "Wunsch: {notes}", "neu": "ja", "personen": "2", "wege": "Telefon, Web"}


def sent(calendar: CalcomStub) -> dict[str, Any]:
    return next(values for method, path, values in calendar.requests if (method, path) == ("POST", "/v2/bookings"))


@pytest.mark.usefixtures("clock")
def test_mapped_fields_are_sent_as_cal_com_wants_them(calendar: CalcomStub) -> None:
    wish = wished(notes="Bitte klingeln", contact_phone="+4915550100456")
    Service.objects.update(required_fields=FIELDS, field_answers=ANSWERS)
    create_appointment_from_call(call_id=wish.call_id)
    assert sent(calendar)["bookingFieldsResponses"] == {
        "notes": "Bitte klingeln",
        "kasse": "privat",
        "grund": "Wunsch: Bitte klingeln",
        "neu": True,
        "personen": 2,
        "wege": ["Telefon", "Web"],
    }
    assert sent(calendar)["attendee"]["phoneNumber"] == "+4915550100456"


@pytest.mark.usefixtures("clock")
def test_a_field_is_filled_with_what_the_agent_collected(calendar: CalcomStub) -> None:
    wish = wished()
    assert wish.call is not None
    wish.call.variables = {
        "custom_analysis_data": {"Krankenkasse": "Gesetzlich ", "personen": 3},
        "collected_dynamic_variables": {"krankenkasse": "privat", "grund": "Siehe {phone} auf boese.example"},
        "retell_llm_dynamic_variables": {"wege": "Web"},
        "session": {"wege": "Web"},
    }
    wish.call.save()
    answers = {
        "kasse": "{call.krankenkasse}",
        "grund": "{call.grund}",
        "neu": "nein",
        "personen": "{call.personen}",
        "wege": "Telefon",
    }
    Service.objects.update(required_fields=FIELDS, field_answers=answers)
    create_appointment_from_call(call_id=wish.call_id)
    filled = sent(calendar)["bookingFieldsResponses"]
    assert filled | {"grund": ""} == {
        "kasse": "gesetzlich",
        "grund": "",
        "neu": False,
        "personen": 3,
        "wege": ["Telefon"],
    }
    # A caller's words name no fact, and nothing in them becomes a link.
    assert "{phone}" in filled["grund"] and "boese.example" not in filled["grund"]


@pytest.mark.parametrize(
    ("slug", "collected", "storage"),
    [
        ("kasse", {"kasse": "keine Ahnung"}, "everything"),
        ("kasse", {"kasse": ["privat"]}, "everything"),
        ("kasse", {}, "everything"),
        ("kasse", {"kasse": "privat"}, "everything_except_pii"),
        ("wege", {"wege": "Web, Brieftaube"}, "everything"),
    ],
)
@pytest.mark.usefixtures("clock")
def test_what_the_agent_did_not_collect_is_asked_for(
    calendar: CalcomStub, slug: str, collected: dict[str, Any], storage: str
) -> None:
    wish = wished()
    assert wish.call is not None
    wish.call.variables = {"custom_analysis_data": collected, "storage": storage}
    wish.call.save()
    asked = [field for field in FIELDS if field["slug"] == slug]
    Service.objects.update(required_fields=asked, field_answers={slug: f"{{call.{slug}}}"})
    create_appointment_from_call(call_id=wish.call_id)
    assert (FollowUp.objects.get().reason, FollowUp.objects.get().detail_facts) == ("incomplete", {"fields": slug})
    assert calendar.requests == []


@pytest.mark.parametrize("left_out", [*ANSWERS])
@pytest.mark.usefixtures("clock")
def test_one_field_that_nobody_mapped_is_enough_for_a_person(calendar: CalcomStub, left_out: str) -> None:
    wish = wished(notes="Bitte klingeln")
    answers = {slug: text for slug, text in ANSWERS.items() if slug != left_out}
    Service.objects.update(required_fields=FIELDS, field_answers=answers)
    create_appointment_from_call(call_id=wish.call_id)
    assert FollowUp.objects.get().reason == "not_bookable"
    assert calendar.requests == []


@pytest.mark.parametrize(
    ("asked", "answers"),
    [("grund", {"grund": "{notes}"}), ("email2", {"email2": "{email}"}), ("attendeePhoneNumber", {})],
)
@pytest.mark.usefixtures("clock")
def test_a_fact_that_this_caller_did_not_give_is_asked_for(
    calendar: CalcomStub, asked: str, answers: dict[str, str]
) -> None:
    wish = wished()
    wish.call.customer = None
    wish.call.save()
    field = {"slug": asked, "type": "text", "label": "", "options": []}
    Service.objects.update(required_fields=[field], field_answers=answers)
    create_appointment_from_call(call_id=wish.call_id)
    assert FollowUp.objects.get().reason == "incomplete"
    assert calendar.requests == []


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Bitte klingeln, Hinterhof 2. OG\nDanke 😀", "Bitte klingeln, Hinterhof 2. OG Danke 😀"),
        ("<b>fett</b> & 'so'", "<b>fett</b> & 'so'"),
        ("a\x00b\x1b[31m", "ab[31m"),
        ("x" * 5000, "x" * 1000),
    ],
    ids=["on one line", "markup is text", "control characters", "long"],
)
@pytest.mark.usefixtures("clock")
def test_the_callers_words_reach_the_host(calendar: CalcomStub, said: str, shown: str) -> None:
    # PostgreSQL holds no NUL, so none comes from a row.
    wish = wished(notes=said.replace("\x00", ""))
    create_appointment_from_call(call_id=wish.call_id)
    assert sent(calendar)["bookingFieldsResponses"] == {"notes": shown}


@pytest.mark.usefixtures("clock")
def test_nothing_is_said_where_the_caller_said_nothing(calendar: CalcomStub) -> None:
    create_appointment_from_call(call_id=wished().call_id)
    assert "bookingFieldsResponses" not in sent(calendar)


HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
READ = ("seats", "seatsPerTimeSlot", "recurrence", "price", "metadata", "confirmationPolicy", "bookingFields")


@hypothesis_settings(max_examples=40, deadline=None)
@given(traits=st.dictionaries(st.sampled_from(READ), HOSTILE), slug=st.text(max_size=8))
def test_any_event_type_is_read_without_an_error(traits: dict[str, Any], slug: str) -> None:
    fields = [{"slug": slug, "required": True, "options": [traits]}, traits]
    for entries in (traits.get("bookingFields"), fields):
        read = EventType.from_api(entry(**traits | {"bookingFields": entries}))
        assert read is not None and all(field["slug"] for field in read.required)


# CI runs three of these against the sandbox, --long all; refusals are tested with every kind above.
KINDS = [
    ({"seats": 4}, "not_bookable"),
    ({"confirmation": True}, "requested"),
    ({"hides_email": True}, "confirmed"),
    pytest.param({}, "confirmed", marks=pytest.mark.long),
    pytest.param({"occurrences": 3}, "not_bookable", marks=pytest.mark.long),
    pytest.param({"price": 2500}, "not_bookable", marks=pytest.mark.long),
    pytest.param({"fields": [INSURANCE]}, "not_bookable", marks=pytest.mark.long),
    pytest.param({"phone_required": True}, "confirmed", marks=pytest.mark.long),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("kind", "becomes"), KINDS)
def test_each_kind_of_event_type_of_cal_coms_ends_as_it_should(
    sandbox: SandboxClient, kind: dict[str, Any], becomes: str
) -> None:
    sandbox.switch(event_type_kinds={"4712": kind})
    at = branch(company(calcom_api_key=LOCAL["CALCOM_API_KEY"]))
    colour = service(at.company, 4712, name="Färben", duration_minutes=90, judged_at=None)
    staff(at, 20817)
    wish: BookingRequest = request(call(at, customer(at.company)), service=colour, notes="Bitte leise")

    create_appointment_from_call(call_id=wish.call_id)

    if becomes == "not_bookable":
        assert FollowUp.objects.get().reason == becomes
        assert sandbox.bookings() == []
    else:
        assert Appointment.objects.get().status == becomes
        assert sandbox.bookings()[0]["description"] == "Bitte leise"


def test_the_list_and_the_form_show_the_reason(admin_client: Client) -> None:
    at = branch(company())
    known = service(at.company, obstacles=["seats", "price"], required_fields=FIELDS)
    service(at.company, 8, name="Bart", needs_confirmation=True)
    service(at.company, 9, name="Nie gelesen", judged_at=None)
    shown = admin_client.get("/admin/calls/service/").content.decode()
    for words in ("Several attendees share one time (+2)", "the host confirms", "Not checked yet"):
        assert words in shown
    form = admin_client.get(f"/admin/calls/service/{known.pk}/change/").content.decode()
    assert (
        "Several attendees share one time; It is paid at Cal.com" in form
        and "kasse (Kasse: gesetzlich, privat)" in form
    )


ANSWERED = {
    '{"kasse": "privat", "grund": "{notes}"}': True,
    '{"kasse": "{call.krankenkasse}"}': True,
    '{"kasse": "{call.}"}': False,
    '{"kasse": "{krankenkasse}"}': False,
    '{"kasse": "beides"}': False,
    '{"grund": "{passwort}"}': False,
    '["privat"]': False,
    '{"kasse": 1}': False,
}


def test_the_form_takes_answers_that_can_be_sent(admin_client: Client) -> None:
    at = branch(company())
    known = service(at.company, required_fields=FIELDS)
    form = {
        "company": known.company_id,
        "name": known.name,
        "synonyms": "[]",
        "duration_minutes": 45,
        "minimum_notice_minutes": 60,
        "calcom_event_type_id": EVENT_TYPE,
        "is_active": "on",
    }
    path = f"/admin/calls/service/{known.pk}/change/"
    done = {answers: admin_client.post(path, form | {"field_answers": answers}) for answers in ANSWERED}
    assert {answers: page.status_code == 302 for answers, page in done.items()} == ANSWERED
