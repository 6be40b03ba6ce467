"""Customers cancel and move by SMS: what is clear is wanted at once, all else is left to a person."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appointments.models import Appointment, Change, FollowUp
from appointments.tasks import carry_out_change, process_inbound_sms
from askpro.queues.testing import assert_sent
from notifications.models import Notification
from notifications.tasks import send_sms_notification
from tests.notifications.scene import NOW, announced
from tests.notifications.twilio_api import TwilioApi, fixture
from webhooks.models import WebhookEvent

Answer = Callable[..., WebhookEvent]

THURSDAY = datetime(2026, 12, 3, 13, 0, tzinfo=UTC)
FRIDAY = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)


@pytest.fixture
def answer(event: Callable[..., WebhookEvent]) -> Answer:
    """A customer answers, and the job runs."""

    def call(body: str, **fields: str) -> WebhookEvent:
        stored = event(fixture("inbound_message.json") | {"Body": body} | fields)
        process_inbound_sms(event_id=stored.pk)
        stored.refresh_from_db()
        return stored

    return call


@pytest.fixture
def told(sms: Notification, twilio: TwilioApi) -> Appointment:
    """The appointment whose confirmation the customer has."""
    Appointment.objects.update(calcom_uid="uid0000000000000000001")
    send_sms_notification(sms.pk)
    assert sms.appointment is not None
    sms.appointment.refresh_from_db()
    return sms.appointment


def another(appointment: Appointment, twilio: TwilioApi, **values: Any) -> Appointment:
    """One more appointment of the same customer, confirmed by SMS."""
    starts_at = appointment.starts_at + timedelta(days=7)
    same = ("company", "branch", "customer", "call", "service", "staff", "status", "attendee_phone")
    other = Appointment.objects.create(
        **{name: getattr(appointment, name) for name in same},
        **{"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=1), "calcom_uid": "uid0000000000000000002"}
        | values,
    )
    send_sms_notification(announced(other, Notification.Channel.SMS).pk)
    return other


def callbacks() -> list[Notification]:
    return list(Notification.objects.filter(kind="callback"))


@pytest.mark.parametrize("body", ["ABSAGE", "Termin absagen bitte!", "Stornieren!", "cancel"])
def test_a_cancellation_is_wanted_of_the_appointment_the_message_was_about(
    told: Appointment, answer: Answer, body: str
) -> None:
    stored = answer(body)
    change = Change.objects.get()
    assert (change.kind, change.channel, change.state, change.appointment) == ("cancel", "sms", "waiting", told)
    assert (stored.status, stored.company) == ("processed", told.company)
    assert_sent(carry_out_change, times=1, change_id=change.pk)
    assert not FollowUp.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        "VERSCHIEBEN auf Freitag 15 Uhr",
        "Bitte meinen Termin verschieben auf den 4.12. um 15:00, danke!",
        "umbuchen: Freitag, 15 Uhr",
        "Termin verlegen auf Freitag, den 4. Dezember, fünfzehn Uhr.",
    ],
)
def test_a_move_to_one_time_is_wanted(told: Appointment, answer: Answer, body: str) -> None:
    answer(body)
    change = Change.objects.get()
    assert (change.kind, change.starts_at, change.before) == ("move", FRIDAY, THURSDAY)
    assert_sent(carry_out_change, times=1, change_id=change.pk)


@pytest.mark.parametrize(
    "body",
    [
        "Verschieben auf nächste Woche",
        "Verschieben auf Freitag nachmittags",
        "Verschieben auf Mittwoch, den 4.12., 15 Uhr",
        "Verschieben auf 15 Uhr",
        "Verschieben auf Freitag 15 Uhr oder Samstag 10 Uhr",
        "Absagen, oder verschieben auf Freitag 15 Uhr",
        "Bitte nicht verschieben auf Freitag 15 Uhr",
    ],
)
def test_incident_21_what_is_not_one_time_moves_nothing(told: Appointment, answer: Answer, body: str) -> None:
    answer(body)
    assert not Change.objects.exists()
    assert FollowUp.objects.get().words == body


def test_relative_words_count_from_when_they_came_in(told: Appointment, answer: Answer, clock: Any) -> None:
    stored = answer("Hallo?")
    WebhookEvent.objects.update(
        status="received", body=bytes(stored.body).replace(b"Hallo%3F", b"Verschieben+auf+morgen+15+Uhr")
    )
    clock.shift(timedelta(hours=20))
    process_inbound_sms(event_id=stored.pk)
    assert Change.objects.get().starts_at == datetime(NOW.year, NOW.month, NOW.day, 14, 0, tzinfo=UTC) + timedelta(
        days=1
    )


def test_with_two_appointments_ahead_a_person_decides_and_the_customer_hears_of_it(
    told: Appointment, answer: Answer, twilio: TwilioApi
) -> None:
    another(told, twilio)
    answer("ABSAGE")
    assert not Change.objects.exists()
    assert FollowUp.objects.get().detail == "wants_to_cancel"
    assert len(callbacks()) == 1


def test_one_that_is_over_or_cancelled_is_not_meant(told: Appointment, answer: Answer, twilio: TwilioApi) -> None:
    other = another(told, twilio)
    Appointment.objects.filter(pk=other.pk).update(status="cancelled")
    answer("ABSAGE")
    assert Change.objects.get().appointment == told


def test_the_same_answer_twice_is_one_change(told: Appointment, answer: Answer) -> None:
    first = answer("ABSAGE")
    answer("Absagen!", MessageSid="SM00000000000000000000000000000077")
    Change.objects.update(state="done")
    Appointment.objects.update(status="cancelled")
    answer("ABSAGE", MessageSid="SM00000000000000000000000000000078")
    WebhookEvent.objects.filter(pk=first.pk).update(status="received")
    process_inbound_sms(event_id=first.pk)
    assert Change.objects.count() == 1
    assert not FollowUp.objects.exists()


def test_within_the_notice_a_person_decides_and_the_customer_hears_by_when(told: Appointment, answer: Answer) -> None:
    told.company.change_notice_minutes = 60 * 24 * 14
    told.company.save()
    stored = answer("ABSAGE")
    asked = FollowUp.objects.get()
    assert (asked.reason, asked.detail, asked.words, stored.status) == (
        "wants_cancel", "change_notice", "ABSAGE", "processed",
    )  # fmt: skip
    assert [row.follow_up for row in callbacks()] == [asked]
    assert Change.objects.get().state == "refused"


def test_stop_is_no_cancellation(told: Appointment, answer: Answer) -> None:
    answer("STOP")
    assert not Change.objects.exists()
