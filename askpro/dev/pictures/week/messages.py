"""What customers were told of their appointments, and what became of it."""

from datetime import datetime, timedelta
from typing import Final

from appointments.models import Appointment
from askpro.dev.pictures.week.rows import BATCH, Week, made_at
from askpro.dev.sandbox.demo import german
from notifications.links import link_for
from notifications.models import Notification, OptOut
from notifications.why import Why

Status = Notification.Status
SENT_AFTER, DELIVERED_AFTER = timedelta(seconds=4), timedelta(seconds=9)
TEXT: Final = "{company}: Ihr Termin {day} um {time} ist bestätigt ({service} bei {staff}). Ändern oder absagen: {link}"
# Twilio's code for a number that does not exist any more.
UNREACHABLE: Final = "30005"


def make_messages(week: Week) -> None:
    told = [row for row in week.appointments if row.call is not None]
    for place, row in enumerate(told):
        week.messages.append(_sms(week, row, place))
        if row.attendee_email:
            week.messages.append(_mail(week, row))
    Notification.objects.bulk_create(week.messages, batch_size=BATCH)
    made_at(week.messages, (_moment(week, each.appointment) for each in week.messages))
    OptOut.objects.create(number="+4915550000017", sender=week.companies[0].sms_sender)


def _sms(week: Week, row: Appointment, place: int) -> Notification:
    moment, message = _moment(week, row) + SENT_AFTER, _message(week, row, Notification.Channel.SMS)
    message.recipient, message.sender = row.attendee_phone, row.company.sms_sender
    if row.customer and row.customer.sms_consent_at is None:
        message.status, message.reason = Status.SKIPPED, Why.NO_CONSENT
        return message
    message.provider_id = f"SM{week.dice.getrandbits(128):032x}"
    message.segments, message.encoding = 2, Notification.Encoding.GSM
    message.price, message.currency, message.sent_at = "0.1500", "EUR", moment
    message.status, message.delivered_at = Status.DELIVERED, moment + DELIVERED_AFTER
    if place % 17 == 5:
        message.status, message.reason = Status.FAILED, Why.NOT_DELIVERED
        message.error_code, message.delivered_at = UNREACHABLE, None
    return message


def _mail(week: Week, row: Appointment) -> Notification:
    message = _message(week, row, Notification.Channel.EMAIL)
    message.recipient, message.status = row.attendee_email, Status.SENT
    message.sent_at = _moment(week, row) + SENT_AFTER
    return message


def _message(week: Week, row: Appointment, channel: str) -> Notification:
    local = row.starts_at.astimezone(week.now.tzinfo)
    assert row.service and row.staff
    facts = {"day": german.day(local), "time": german.clock(local), "link": link_for(row)}
    facts |= {"company": row.company.name, "service": row.service.name, "staff": row.staff.name}
    return Notification(
        company=row.company,
        appointment=row,
        call=row.call,
        customer=row.customer,
        kind=Notification.Kind.CONFIRMATION,
        channel=channel,
        text=TEXT.format(**facts),
        attempts=1,
    )


def _moment(week: Week, row: Appointment | None) -> datetime:
    """When the appointment was booked."""
    ended = row.call.ended_at if row and row.call else None
    return (ended or week.now) + timedelta(seconds=3)
