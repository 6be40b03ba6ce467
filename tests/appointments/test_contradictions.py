"""`call_analyzed` contradicts what was booked: the booking stays, and a person is asked, once."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db.models import QuerySet

from appointments.models import Appointment, FollowUp
from askpro.queues.testing import run_jobs
from calls.models import BookingRequest, Call, Company, Customer
from calls.tasks import extract_call_data
from notifications import recipients
from notifications.why import Why
from tests.appointments.calcom_stub import CalcomStub
from tests.appointments.salon import NOW, branch, call, company, service, staff
from tests.calls.practice import told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

COLLECTED = {"datum": "04.12.2026", "uhrzeit": "12:00", "dienstleistung": "Haarschnitt", "name": "Ole Linde"}
OTHERWISE: dict[str, tuple[dict[str, Any], str]] = {
    "day and time": ({"datum": "11.12.2026", "uhrzeit": "13:00"}, "Später hieß es: 11.12.2026, 13:00."),
    "day": ({"datum": "11.12.2026"}, "Später hieß es: 11.12.2026."),
    "time": ({"uhrzeit": "13:00"}, "Später hieß es: 13:00."),
    "moment": (
        {"appointment_datetime": "2026-12-04T13:00:00+01:00"},
        "Später hieß es: 2026-12-04T13:00:00+01:00.",
    ),
    "past": ({"datum": "04.12.2025", "uhrzeit": "12:00"}, "Später hieß es: 04.12.2025, 12:00."),
    "service": ({"dienstleistung": "Färben"}, "Später hieß es: Färben."),
    "unknown service": ({"dienstleistung": "Yoga"}, "Später hieß es: Yoga."),
    "person": ({"mitarbeiter_wunsch": "Jona Esche"}, "Später hieß es: Jona Esche."),
    "not wanted": ({"termin_gewuenscht": False}, "Die Angaben zum Termin widersprechen sich."),
    "cancel": ({"anliegen": "absagen"}, "Der Anrufer möchte einen Termin absagen."),
    "move": ({"termin_verschieben": True}, "Der Anrufer möchte einen Termin verschieben."),
    "question": ({"anliegen": "Preisfrage"}, "Die Angaben zum Termin widersprechen sich."),
}
AGREEING: list[dict[str, Any]] = [
    {},
    {"datum": "Freitag, den 4. Dezember", "uhrzeit": "12 Uhr", "service_name": "Haarschnitt"},
    {"appointment_datetime": "2026-12-04T12:00:00+01:00"},
    {"datum": "Freitag"},
    {"uhrzeit": "mittags"},
    {"dienstleistung": "Haarschnitt Herren", "mitarbeiter_wunsch": "egal"},
    {"termin_gewuenscht": True, "anliegen": "Termin buchen", "callback_requested": False},
]
ENDED, ANALYZED = "call_ended", "call_analyzed"


@pytest.fixture
def salon(calendar: CalcomStub) -> CalcomStub:
    at = branch(company())
    offered = service(at.company), service(at.company, 2208, name="Färben")
    for each in (staff(at), staff(at, 311, name="Jona Esche", email="")):
        each.services.add(*offered)
    call(at)  # makes the number
    Call.objects.all().delete()
    return calendar


def tell(event: str, otherwise: dict[str, Any], **changes: Any) -> None:
    """An event of the one call; only the analysis contradicts the booking."""
    began = round(NOW.timestamp() * 1000)
    analysis = {"call_analysis": {"custom_analysis_data": otherwise}} if event == ANALYZED else {}
    values = {"start_timestamp": began, "end_timestamp": began + 60_000, "from_number": "+4915550100456"}
    values |= {"to_number": "+493023125100", "collected_dynamic_variables": COLLECTED, "transcript": "User: Guten Tag."}
    stored = told(ENDED, event, **{**values, **analysis, **changes})
    assert stored.status == "processed"


def play(order: tuple[str, ...], otherwise: dict[str, Any]) -> None:
    for step in order:
        if step == "work":
            run_jobs()
        else:
            tell(step, otherwise)
    run_jobs()


def asked() -> QuerySet[FollowUp]:
    """The follow-ups, except the one to call a customer whom no message reaches."""
    return FollowUp.objects.exclude(reason=FollowUp.Reason.UNTOLD)


def booked() -> list[str]:
    return [f"{each.starts_at:%d.%m. %H:%M}" for each in Appointment.objects.filter(status="confirmed")]


@pytest.mark.parametrize(("otherwise", "detail"), OTHERWISE.values(), ids=OTHERWISE)
def test_the_booking_stands_and_a_person_is_asked(salon: CalcomStub, otherwise: dict[str, Any], detail: str) -> None:
    play((ENDED, "work", ANALYZED), otherwise)
    follow_up = asked().get()
    assert (follow_up.reason, follow_up.told(), follow_up.status) == ("contradiction", detail, "open")
    assert (booked(), follow_up.appointment) == (["04.12. 11:00"], Appointment.objects.get())
    assert Call.objects.get().outcome == "booked"


ASKED = {"cancel": "wants_cancel", "move": "wants_move", "past": "too_soon"}


@pytest.mark.parametrize("name", sorted({*OTHERWISE} - {"person"}))
def test_nothing_wrong_is_booked_where_the_analysis_is_here(salon: CalcomStub, name: str) -> None:
    play((ENDED, ANALYZED, "work"), OTHERWISE[name][0])
    assert (asked().get().reason, booked()) == (ASKED.get(name, "contradiction"), [])


def test_the_person_whom_only_the_analysis_names_is_the_one_asked_for(salon: CalcomStub) -> None:
    play((ENDED, ANALYZED, "work"), OTHERWISE["person"][0])
    wished = BookingRequest.objects.get().staff
    assert wished is not None and wished.name == "Jona Esche"


def orders() -> list[tuple[str, ...]]:
    """Both events, each also twice, in every order, with their jobs run after each."""
    told_in = sorted(set(permutations((ENDED, ANALYZED, ENDED, ANALYZED))))
    return [(*order[:place], "work", *order[place:]) for order in told_in for place in range(1, 5)]


def assert_asked_once(order: tuple[str, ...], otherwise: dict[str, Any]) -> None:
    play(order, otherwise)
    assert asked().count() == 1
    known_first = ANALYZED in order[: order.index("work")]
    assert booked() == ([] if known_first else ["04.12. 11:00"])
    assert BookingRequest.objects.get().status == ("follow_up" if known_first else "booked")


@pytest.mark.parametrize("order", orders()[::3], ids="-".join)
def test_a_person_is_asked_once_in_whatever_order_it_comes(salon: CalcomStub, order: tuple[str, ...]) -> None:
    assert_asked_once(order, OTHERWISE["day and time"][0])


@pytest.mark.long
@pytest.mark.parametrize("order", orders(), ids="-".join)
@pytest.mark.parametrize("name", ["time", "service", "not wanted", "cancel"])
def test_a_person_is_asked_once_in_every_order_about_each_kind(
    salon: CalcomStub, order: tuple[str, ...], name: str
) -> None:
    assert_asked_once(order, OTHERWISE[name][0])


@pytest.mark.parametrize("otherwise", AGREEING)
@pytest.mark.parametrize("order", [(ENDED, "work", ANALYZED), (ANALYZED, "work", ENDED)], ids="-".join)
def test_an_analysis_that_agrees_asks_nobody(
    salon: CalcomStub, order: tuple[str, ...], otherwise: dict[str, Any]
) -> None:
    play(order, otherwise)
    assert booked() == ["04.12. 11:00"] and not asked().exists()


def test_what_a_person_has_dealt_with_is_not_asked_again(salon: CalcomStub, admin_user: Any) -> None:
    play((ENDED, "work", ANALYZED), OTHERWISE["time"][0])
    assert asked().get().resolve(admin_user, "Called.")
    play((ANALYZED,), OTHERWISE["time"][0])
    assert asked().get().status == "done"


def test_a_request_that_waits_to_be_booked_is_not_booked_any_more(salon: CalcomStub) -> None:
    tell(ENDED, {})
    extract_call_data(call_id=Call.objects.get().pk)
    tell(ANALYZED, OTHERWISE["day and time"][0])
    run_jobs()
    assert (asked().get().reason, booked()) == ("contradiction", [])
    assert "11.12.2026, 13:00" in asked().get().words


def test_a_no_to_messages_that_comes_late_is_a_no(salon: CalcomStub) -> None:
    tell(ENDED, {}, collected_dynamic_variables=COLLECTED | {"sms_einwilligung": "ja"})
    run_jobs()
    assert Customer.objects.get().sms_consent_at is not None
    tell(ANALYZED, {"sms_consent": False}, collected_dynamic_variables=COLLECTED | {"sms_einwilligung": "ja"})
    run_jobs()
    assert Customer.objects.get().sms_consent_at is None
    assert asked().get().told() == "Später hieß es, dass keine SMS gesendet werden darf."


def test_a_no_that_comes_late_holds_for_the_number_that_was_said_too(salon: CalcomStub) -> None:
    said = COLLECTED | {"sms_einwilligung": "ja", "telefonnummer": "+4915550100999"}
    tell(ENDED, {}, collected_dynamic_variables=said)
    run_jobs()
    tell(ANALYZED, {"sms_consent": False}, collected_dynamic_variables=said)
    run_jobs()
    appointment = Appointment.objects.get()
    assert recipients.sms_objection(appointment.customer, "+4915550100999", appointment) == Why.NO_CONSENT


def test_a_no_that_comes_late_ends_what_an_earlier_call_agreed_to(salon: CalcomStub) -> None:
    agreed = NOW - timedelta(days=30)
    Customer.objects.create(company=Company.objects.get(), phone="+4915550100456", sms_consent_at=agreed)
    play((ENDED, "work", ANALYZED), {"sms_consent": False})
    assert Customer.objects.get().sms_consent_at is None
    assert not asked().exists()


def test_a_no_ends_nothing_that_was_agreed_to_after_the_call(salon: CalcomStub) -> None:
    play((ENDED, "work"), {})
    Customer.objects.update(sms_consent_at=NOW + timedelta(days=1))
    play((ANALYZED,), {"sms_consent": False})
    assert Customer.objects.get().sms_consent_at is not None


def test_a_no_to_messages_beats_a_yes_when_both_are_here(salon: CalcomStub) -> None:
    tell(ANALYZED, {"sms_consent": False}, collected_dynamic_variables=COLLECTED | {"sms_einwilligung": "ja"})
    run_jobs()
    assert Customer.objects.get().sms_consent_at is None and booked() == ["04.12. 11:00"]


@pytest.mark.parametrize("order", [(ENDED, "work", ANALYZED), (ANALYZED, "work", ENDED)], ids="-".join)
def test_an_appointment_that_only_one_source_tells_of_is_somebodys_work(
    salon: CalcomStub, order: tuple[str, ...]
) -> None:
    otherwise = COLLECTED | {"datum_2": "12.12.2026", "uhrzeit_2": "10:00"}
    play((*order, ANALYZED), otherwise if order[0] == ENDED else COLLECTED | {"datum_2": "12.12.2026"})
    assert booked() == ["04.12. 11:00"]
    assert "12.12.2026" in asked().get().words


def test_a_transfer_told_after_the_booking_is_asked_about(salon: CalcomStub) -> None:
    play((ENDED, "work"), {})
    call_id = Call.objects.get().retell_call_id
    told("transfer_bridged", call_id=call_id, to_number="+493023125100")
    run_jobs()
    assert (asked().get().reason, booked()) == ("perhaps_booked", ["04.12. 11:00"])
