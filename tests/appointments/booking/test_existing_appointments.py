"""Callers who want to move or to cancel: nothing is booked, and a person is told which appointment it is about."""

from datetime import timedelta
from typing import Any

import pytest

from appointments.models import Appointment, FollowUp
from calls.models import BookingRequest, Call, Customer
from notifications.models import Notification
from tests.appointments.calcom_stub import CalcomStub
from tests.appointments.salon import NOW, WISH, company
from tests.appointments.talks import COMPLETE, NEW_TIME, PHONE, having, talked

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def the_follow_up(talk: Call) -> FollowUp:
    return FollowUp.objects.get(call=talk)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"anliegen": "Termin verschieben"}, "wants_move"),
        ({"termin_verschieben": True}, "wants_move"),
        ({"anliegen": "absagen"}, "wants_cancel"),
        ({"wants_to_cancel": "true"}, "wants_cancel"),
        ({"anliegen": "buchen", "notizen": "alten Termin bitte stornieren"}, "contradiction"),
    ],
)
@pytest.mark.parametrize("wish", [COMPLETE, {}, {"datum": "morgen"}], ids=["complete", "none", "a day"])
def test_nothing_is_booked_and_the_appointment_is_named(
    calendar: CalcomStub, said: dict[str, Any], reason: str, wish: dict[str, Any]
) -> None:
    (standing,) = having(WISH)
    talk = talked(wish | said)
    follow_up = the_follow_up(talk)
    assert (follow_up.reason, follow_up.appointment, talk.outcome) == (reason, standing, "follow_up")
    assert follow_up.told() == "Vermutlich dieser: Do 03.12.2026, 14:00 Uhr, Haarschnitt, Ole Linde."
    assert all(words in follow_up.words for name, words in wish.items() if name in NEW_TIME)
    assert Appointment.objects.get() == standing and not calendar.requests
    assert not Notification.objects.exclude(kind__in=("staff", "callback")).exists()


def test_each_call_about_one_appointment_is_heard(calendar: CalcomStub) -> None:
    having(WISH)
    calls = [talked({"anliegen": "umbuchen", "datum": day}) for day in ("Freitag", "Samstag")]
    assert [the_follow_up(each).words.partition(",")[0] for each in calls] == ["Freitag", "Samstag"]


def test_all_are_named_when_several_may_be_meant(calendar: CalcomStub) -> None:
    having(WISH, WISH + timedelta(days=7))
    follow_up = the_follow_up(talked({"anliegen": "absagen"}))
    assert follow_up.told() == (
        "Einer von diesen: Do 03.12.2026, 14:00 Uhr, Haarschnitt, Ole Linde; "
        "Do 10.12.2026, 14:00 Uhr, Haarschnitt, Ole Linde."
    )
    assert follow_up.appointment is None


def test_the_one_is_named_whose_time_was_said(calendar: CalcomStub) -> None:
    _, meant = having(WISH, WISH + timedelta(days=7))
    said = {"anliegen": "absagen", "datum": "10.12.2026", "uhrzeit": "14 Uhr", "dienstleistung": "Haarschnitt"}
    assert the_follow_up(talked(said)).appointment == meant


@pytest.mark.parametrize(
    "values",
    [
        {"status": "cancelled"},
        {"status": "no_show"},
        {"status": "requested"},
        {"starts_at": NOW - timedelta(days=1)},
    ],
)
def test_it_says_so_when_none_stands(calendar: CalcomStub, values: dict[str, Any]) -> None:
    start = values.pop("starts_at", WISH)
    having(start, **values)
    follow_up = the_follow_up(talked({"anliegen": "absagen"}))
    assert follow_up.told() == "Von diesem Anrufer ist kein bevorstehender Termin bekannt."


def test_only_the_callers_own_are_named(calendar: CalcomStub) -> None:
    having(WISH)
    other = talked({"anliegen": "absagen"}, from_number="+4915550100999")
    unknown = talked({"anliegen": "absagen"}, from_number="anonymous")
    assert {the_follow_up(each).detail for each in (other, unknown)} == {"about_none"}


def test_one_booked_under_another_customer_with_the_same_number_is_found(calendar: CalcomStub) -> None:
    having(WISH, attendee_phone=PHONE, customer=None)
    assert the_follow_up(talked({"anliegen": "absagen"})).detail == "about"


def test_another_companys_appointments_are_never_named(calendar: CalcomStub) -> None:
    (standing,) = having(WISH, attendee_phone=PHONE)
    Appointment.objects.update(company=company("salon-esche"))
    assert the_follow_up(talked({"anliegen": "absagen"})).detail == "about_none"
    assert Customer.objects.filter(company=standing.company).count() == 1


@pytest.mark.parametrize("wish", [COMPLETE, {}])
def test_a_company_that_books_nothing_hears_of_it_too(calendar: CalcomStub, wish: dict[str, Any]) -> None:
    having(WISH)
    Appointment.objects.get().company.__class__.objects.update(books_appointments=False)
    assert the_follow_up(talked(wish | {"anliegen": "umbuchen"})).reason == "wants_move"


def test_a_call_back_beside_a_wish_is_a_follow_up_of_its_own(calendar: CalcomStub) -> None:
    talk = talked(COMPLETE | {"rueckruf_gewuenscht": True})
    assert Appointment.objects.get().status == "confirmed"
    assert the_follow_up(talk).reason == "callback"


def test_one_call_back_is_enough_where_the_wish_is_unclear(calendar: CalcomStub) -> None:
    talk = talked({"datum": "Freitag", "dienstleistung": "Haarschnitt", "rueckruf_gewuenscht": True})
    assert (the_follow_up(talk).reason, the_follow_up(talk).words) == ("callback", "Haarschnitt, Freitag")
    assert not Appointment.objects.exists()


def test_a_question_is_no_work_for_anybody(calendar: CalcomStub) -> None:
    talk = talked({"anliegen": "Preisfrage", "datum": "Freitag"}, transcript="User: Was kostet ein Haarschnitt?")
    assert (talk.outcome, talk.needs_review) == ("no_request", False)
    assert not FollowUp.objects.exists() and not BookingRequest.objects.exists()


@pytest.mark.parametrize(
    "values",
    [{"transcript": "Agent: Hallo\nUser: Ich muss meinen Termin leider absagen."}, {"summary": "Möchte verschieben."}],
)
def test_somebody_listens_where_only_the_transcript_or_the_summary_tells(
    calendar: CalcomStub, values: dict[str, Any]
) -> None:
    talk = talked({}, **values)
    assert (the_follow_up(talk).reason, talk.outcome) == ("review", "follow_up")


def test_a_transcript_takes_no_booking_away_but_somebody_listens(calendar: CalcomStub) -> None:
    talk = talked(COMPLETE, transcript="User: Ich möchte meinen Termin verschieben.")
    assert (Appointment.objects.get().status, talk.outcome) == ("confirmed", "booked")
    assert the_follow_up(talk).reason == "review"


def test_a_summary_takes_no_booking_away_and_calls_nobody(calendar: CalcomStub) -> None:
    talk = talked(COMPLETE, summary="Termin gebucht; Absagen bis 24 Stunden vorher.")
    assert (talk.outcome, talk.needs_review) == ("booked", True)
    assert not FollowUp.objects.exists()
