"""What staff may do to an appointment, what follows from it, and the history of its changes."""

from datetime import datetime, tzinfo
from typing import Any

from django.utils import timezone

from appointments.changes import limits, request
from appointments.models import Appointment, Change
from askpro.console import display
from askpro.console.table import Table
from notifications import recipients
from notifications.text.places import spoken_number, zone_of

Kind = Change.Kind


def zone(appointment: Appointment) -> tzinfo:
    return zone_of(appointment)


def may_cancel(appointment: Appointment) -> bool:
    return limits.objection(appointment, Kind.CANCEL, None, may_override=True) is None and not _waits(appointment)


def may_move(appointment: Appointment) -> bool:
    return may_cancel(appointment) and appointment.calcom_uid is not None


def cancel(appointment: Appointment, user: Any, note: str) -> bool:
    return _is_wanted(request.cancel(appointment, _by(user), note))


def move(appointment: Appointment, user: Any, note: str, when: datetime) -> bool:
    return _is_wanted(request.move(appointment, when, _by(user), note))


def follows(appointment: Appointment) -> list[str]:
    """What changing it means, in sentences."""
    starts_at = timezone.localtime(appointment.starts_at, zone_of(appointment))
    sentences = [f"It is on {starts_at:%A, %d.%m.%Y, %H:%M} ({zone_of(appointment)}).", *_told(appointment)]
    if appointment.starts_at - timezone.now() < limits.notice_of(appointment):
        sentences.append("The company's notice for changes has begun: you decide to change it all the same.")
    if appointment.service is not None and appointment.service.needs_confirmation:
        sentences.append("The host has to agree to a new time; until then the appointment is not confirmed.")
    sentences.append("If Cal.com refuses it, a follow-up says why.")
    return sentences


def history(appointment: Appointment) -> Table:
    """Who changed what, when and why."""
    rows = appointment.changes.select_related("user", "call", "company")
    cells = [
        [
            change.get_kind_display(),
            display.state(change, "state"),
            display.weekday(change.before),
            display.weekday(change.starts_at),
            _who(change),
            change.told() or change.reason,
            display.moment(change.created_at),
        ]
        for change in rows
    ]
    return Table("Changes", ["What", "State", "Before", "After", "By", "Why", "Wanted"], cells, "No change.")


def _waits(appointment: Appointment) -> bool:
    """Whether a cancellation is under way already."""
    return appointment.changes.filter(state=Change.State.WAITING, kind=Kind.CANCEL).exists()


def _by(user: Any) -> request.Origin:
    return request.Origin(Change.Channel.CONSOLE, user=user)


def _is_wanted(change: Change) -> bool:
    return change.state != Change.State.REFUSED


def _told(appointment: Appointment) -> list[str]:
    """Who is told, and how."""
    if appointment.source == Appointment.Source.CALCOM:
        return ["Cal.com tells the customer by mail."]
    number, language = recipients.number_for(appointment), appointment.company.language
    if recipients.calcom_tells(appointment):
        return ["Cal.com tells the customer by mail."]
    ways = [f"by mail to {address}"] if (address := recipients.email_of(appointment)) else []
    why_not = recipients.sms_objection(appointment.customer, number, appointment)
    if appointment.company.sms_enabled and why_not is None:
        ways.insert(0, f"by SMS to {spoken_number(number)}")
    if ways:
        return [f"The customer is told {' and '.join(ways)}."]
    reason = why_not.tell(language=language) if why_not else "The company sends no SMS."
    return [f"No message reaches the customer ({reason}): a follow-up asks you to call."]


def _who(change: Change) -> Any:
    if change.user is not None:
        return str(change.user)
    return display.link(change.call, change.get_channel_display()) if change.call else change.get_channel_display()
