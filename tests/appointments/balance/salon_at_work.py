"""A salon in which everything adds up: a call of each outcome, and a row of each kind that somebody works on."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from appointments.booking import booker
from appointments.changes.mirror import note_surplus
from appointments.changes.request import Origin, cancel
from appointments.models import Appointment, CalcomUid, Change, Detail, FollowUp
from appointments.tasks import create_appointment_from_call
from calls import lost
from calls.models import BookingRequest, Branch, Call, Unclear
from calls.tasks import process_retell_call_ended
from notifications.models import Notification
from tests.appointments import salon
from tests.appointments.salon import NOW, WISH
from webhooks.models import WebhookEvent


@dataclass
class SalonAtWork:
    booked: Appointment
    cancelled: Appointment
    left_to_a_person: BookingRequest
    lost: Call
    silent: Call
    being_booked: BookingRequest
    wanted: Change
    surplus: CalcomUid
    event: WebhookEvent


def salon_at_work() -> SalonAtWork:
    at = salon.branch(salon.company(notification_email="salon@example.org"))
    salon.service(at.company)
    salon.staff(at)
    booked, cancelled, wanted = (_booked(at, number) for number in range(3))
    world = SalonAtWork(
        booked=booked,
        cancelled=cancelled,
        left_to_a_person=_asked(_call(at, "unclear"), starts_at=None, unclear=Unclear.NO_DATE),
        lost=_call(at, "lost", status="ongoing", extracted_at=None, end_heard_at=None),
        silent=_call(at, "silent", outcome="no_request"),
        being_booked=_asked(_call(at, "being_booked"), starts_at=WISH + timedelta(days=1)),
        wanted=cancel(wanted, Origin(Change.Channel.SMS)),
        surplus=CalcomUid.objects.create(company=at.company, uid="surplus0001"),
        event=_event(at.company),
    )
    cancel(cancelled, Origin(Change.Channel.PHONE, call=cancelled.call), patience=5.0)
    cancelled.refresh_from_db()
    booker.book_call(world.left_to_a_person.call_id)
    lost.give_up(world.lost, Detail.CALL_UNKNOWN)
    world.lost.refresh_from_db()
    create_appointment_from_call.send(call_id=world.being_booked.call_id)
    note_surplus(world.surplus, booked)
    process_retell_call_ended.send(event_id=world.event.pk)
    WebhookEvent.objects.create(**_stored(booked.company, "call_booked_0"), status="processed")
    for number, message in enumerate(Notification.objects.filter(channel="sms", status="pending")):
        message.report(status="delivered", provider_id=f"SM{number:032}", sending_at=NOW, sent_at=NOW)
    return world


def follow_up_of(world: SalonAtWork) -> FollowUp:
    return FollowUp.objects.get(booking_request=world.left_to_a_person)


def message_of(appointment: Appointment) -> Notification:
    return Notification.objects.get(appointment=appointment, channel="sms", version=appointment.version)


def _booked(at: Branch, number: int) -> Appointment:
    asked = _asked(_call(at, f"booked_{number}"), starts_at=WISH + timedelta(hours=number))
    booker.book_call(asked.call_id)
    return Appointment.objects.get(booking_request=asked)


def _call(at: Branch, name: str, **values: Any) -> Call:
    number = Call.objects.count()
    caller = salon.customer(at.company, f"+49155501004{number:02}")
    return salon.call(at, caller, f"call_{name}", **{"extracted_at": NOW, "end_heard_at": NOW} | values)


def _asked(call: Call, **values: Any) -> BookingRequest:
    return salon.request(call, **values)


def _event(company: Any) -> WebhookEvent:
    return WebhookEvent.objects.create(**_stored(company, "call_of_nobody"))


def _stored(company: Any, subject: str) -> dict[str, Any]:
    key = f"call_ended:{subject}"
    values = {"event_type": "call_ended", "event_key": key, "subject": subject, "body": b"{}", "body_sha256": "0" * 64}
    return {"provider": "retell", "company": company, **values}
