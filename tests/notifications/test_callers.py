"""Callers are told that a person calls back: once, if they agreed to SMS, with the reason and by when."""

from datetime import timedelta
from typing import Any

import pytest

from appointments import follow_ups
from appointments.models import Appointment, Detail, FollowUp
from askpro.queues.errors import Release
from calls.models import BookingRequest, Call, Customer
from notifications.gsm import gsm_segments
from notifications.models import Notification
from notifications.tasks import send_sms_notification
from notifications.text import texts
from tests.notifications.scene import MOBILE, NOW
from tests.notifications.twilio_api import SERVICE, TwilioApi

Reason = FollowUp.Reason


@pytest.fixture
def request_(call: Call) -> BookingRequest:
    return BookingRequest.objects.create(
        call=call, company=call.company, starts_at=NOW + timedelta(days=2, hours=4), contact_phone=MOBILE
    )


def ask(request: BookingRequest, reason: FollowUp.Reason = Reason.SLOT_GONE, **values: Any) -> FollowUp:
    return follow_ups.open_for(request, reason, Detail.TAKEN, **values)


def the_word() -> Notification:
    return Notification.objects.get(kind="callback")


def test_scenario_03_a_caller_whose_time_is_taken_hears_what_follows_and_by_when(
    request_: BookingRequest, twilio: TwilioApi
) -> None:
    ask(request_)
    send_sms_notification(the_word().pk)
    assert the_word().status == "sent"
    [message] = twilio.messages
    assert message["body"] == (
        "Haarstudio Lindenblatt: Ihre Wunschzeit Do 03.12.2026, 14:00 Uhr ist leider nicht mehr frei. "
        "Wir rufen Sie bis Di 01.12.2026, 12:00 Uhr an. Keine SMS mehr: STOP"
    )
    assert message["to"] == MOBILE


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize(
    "reason", [Reason.SLOT_GONE, Reason.UNCLEAR, Reason.WANTS_MOVE, Reason.WANTS_CANCEL, Reason.CALLBACK]
)
def test_it_fits_into_one_sms(
    request_: BookingRequest, appointment: Appointment, language: str, reason: FollowUp.Reason
) -> None:
    Customer.objects.update(language=language)
    follow_ups.open_for(BookingRequest.objects.get(), reason, Detail.TAKEN, appointment=appointment)
    text = texts.sms(the_word(), SERVICE)
    assert gsm_segments(text) == 1 and text.startswith("Haarstudio Lindenblatt: ")


def test_a_wish_is_told_of_once_whatever_keeps_it(request_: BookingRequest) -> None:
    ask(request_, Reason.UNCLEAR)
    ask(request_, Reason.SLOT_GONE)
    assert Notification.objects.filter(kind="callback").count() == 1


@pytest.mark.parametrize(
    "reason",
    [
        Reason.PROVIDER_DOWN,
        Reason.MISMATCH,
        Reason.NO_ANSWER,
        Reason.NOT_CANCELLED,
        Reason.UNTOLD,
        Reason.PERHAPS_BOOKED,
    ],
)
def test_what_only_staff_see_is_no_word_to_the_caller(request_: BookingRequest, reason: FollowUp.Reason) -> None:
    ask(request_, reason)
    assert not Notification.objects.filter(kind="callback").exists()


def test_nothing_is_written_without_consent_a_mobile_or_sms(request_: BookingRequest) -> None:
    Customer.objects.update(sms_consent_at=None)
    ask(BookingRequest.objects.get())
    FollowUp.objects.update(status="done")
    BookingRequest.objects.update(told_on_phone_at=NOW, sms_consent=True)
    ask(BookingRequest.objects.get())
    assert not Notification.objects.filter(kind="callback").exists()
    FollowUp.objects.update(status="done")
    BookingRequest.objects.update(told_on_phone_at=None)
    ask(BookingRequest.objects.get())
    assert the_word().recipient == MOBILE


def test_nothing_is_sent_once_the_call_was_made(request_: BookingRequest, twilio: TwilioApi) -> None:
    ask(request_).resolve(None, "angerufen")
    send_sms_notification(the_word().pk)
    assert (the_word().status, the_word().reason, twilio.messages) == ("skipped", "follow_up_settled", [])


def test_nothing_is_sent_once_the_time_to_call_has_come(
    request_: BookingRequest, twilio: TwilioApi, clock: Any
) -> None:
    ask(request_)
    clock.shift(timedelta(hours=3))
    send_sms_notification(the_word().pk)
    assert (the_word().status, the_word().reason, twilio.messages) == ("skipped", "call_back_due", [])


def test_it_waits_for_the_morning_if_the_call_comes_after_it(
    request_: BookingRequest, twilio: TwilioApi, clock: Any
) -> None:
    clock.shift(timedelta(hours=12))
    request_.where.opening_hours = {day: [["09:00", "18:00"]] for day in ("mo", "di", "mi", "do", "fr")}
    request_.where.save()
    ask(BookingRequest.objects.get())
    with pytest.raises(Release):
        send_sms_notification(the_word().pk)
    clock.shift(timedelta(hours=10, minutes=5))
    send_sms_notification(the_word().pk)
    assert "bis Mi 02.12.2026, 09:00 Uhr" in twilio.messages[0]["body"]


def test_the_time_of_somebody_elses_appointment_is_not_told(request_: BookingRequest, appointment: Appointment) -> None:
    other = Customer.objects.create(company=appointment.company, name="Bo Ulme", phone="+4915550100778")
    Appointment.objects.update(customer=other)
    appointment.refresh_from_db()
    follow_ups.open_for(request_, Reason.WANTS_CANCEL, Detail.ABOUT, {"appointment": "x"}, appointment=appointment)
    assert "Ihr Termin ist noch nicht abgesagt." in texts.sms(the_word(), SERVICE)
