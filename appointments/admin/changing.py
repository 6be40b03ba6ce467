"""What staff may change about an appointment, what follows from it, and the history of its changes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.contrib import messages
from django.db.models import Prefetch, prefetch_related_objects
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.admin import free_times
from appointments.admin.naming import clock_time, reader
from appointments.changes import limits, request
from appointments.models import Appointment, Change
from askpro.console import display, masking
from askpro.console.acts import Act
from askpro.console.live_acts import LiveAct, Outcome
from askpro.console.table import Table
from notifications import recipients
from notifications.text.places import spoken_number, zone_of
from notifications.why import Why

Kind, State = Change.Kind, Change.State

# Seconds that a page of the console waits for Cal.com; then a job goes on.
PATIENCE: Final = 6.0
# What came of a cancellation or a move that was wanted just now.
DONE: Final = {
    Kind.CANCEL: gettext_lazy("Cancelled. The customer is told as after every change."),
    Kind.MOVE: gettext_lazy("Moved to %(when)s. The customer is told as after every change."),
    Kind.CONFIRM: gettext_lazy("Confirmed. The customer is told as after every change."),
    Kind.DECLINE: gettext_lazy("Declined. Please call the customer: a follow-up says so."),
    Kind.NO_SHOW: gettext_lazy("Noted: the customer did not come."),
    Kind.CAME: gettext_lazy("Noted: the customer came."),
}


def acts() -> tuple[Act, ...]:
    return (
        LiveAct(
            name="move",
            label=gettext_lazy("Move"),
            icon="event_repeat",
            explain=gettext_lazy(
                "Move it to another time, at Cal.com and here. If the new time is taken, it stays where it is."
            ),
            done=gettext_lazy("to be moved"),
            note=gettext_lazy("Why? Cal.com is told."),
            note_required=True,
            when=gettext_lazy("New time, where the appointment is"),
            zone=zone_of,
            possible=may_move,
            now=move_now,
            initial=lambda asked, row: _why(asked) | free_times.chosen(asked, zone_of(row)),
            choose=free_times.to_move,
            chooses="console/free_times.html",
            follows=follows,
        ),
        LiveAct(
            name="cancel",
            label=gettext_lazy("Cancel appointment"),
            icon="event_busy",
            explain=gettext_lazy(
                "Cancel it, at Cal.com and here. A cancelled appointment cannot be brought back: its time is free."
            ),
            done=gettext_lazy("to be cancelled"),
            note=gettext_lazy("Why? Cal.com is told."),
            note_required=True,
            possible=may_cancel,
            run=cancel,
            now=cancel_now,
            initial=lambda asked, row: _why(asked),
            follows=follows,
        ),
    )


def may_cancel(appointment: Appointment) -> bool:
    return limits.objection(appointment, Kind.CANCEL, None, may_override=True) is None and not _waits(appointment)


def may_move(appointment: Appointment) -> bool:
    return may_cancel(appointment) and appointment.calcom_uid is not None


def cancel(appointment: Appointment, user: Any, note: str) -> bool:
    """Leave it to a job."""
    return request.cancel(appointment, by(user), note).state != State.REFUSED


def cancel_now(appointment: Appointment, user: Any, said: Mapping[str, Any]) -> Outcome:
    return outcome(request.cancel(appointment, by(user), said["note"], patience=PATIENCE))


def move_now(appointment: Appointment, user: Any, said: Mapping[str, Any]) -> Outcome:
    to: datetime = said["when"].astimezone(UTC)
    return outcome(request.move(appointment, to, by(user), said["note"], patience=PATIENCE))


def by(user: Any) -> request.Origin:
    return request.Origin(Change.Channel.CONSOLE, user=user)


def outcome(change: Change) -> Outcome:
    """What came of a change so far, in a sentence."""
    facts = {"when": clock_time(change.appointment, change.starts_at) if change.starts_at else ""}
    if change.state == State.DONE:
        return Outcome(str(DONE[Kind(change.kind)]) % facts)
    if change.state == State.REQUESTED:
        told = _("Asked for %(when)s: it is not confirmed until the host says yes.")
        return Outcome(told % facts, messages.WARNING)
    if change.state == State.REFUSED:
        told = _("Nothing was changed. %(why)s")
        return Outcome(told % {"why": change.told(reader())}, messages.ERROR, is_noted=False)
    return Outcome(
        _("Cal.com has not answered yet. It goes on being tried; this page shows what came of it."), messages.WARNING
    )


def follows(appointment: Appointment) -> list[str]:
    """What changing it means, in sentences."""
    sentences = [when(appointment), *told(appointment)]
    if appointment.starts_at - timezone.now() < limits.notice_of(appointment):
        sentences.append(_("The company's notice for changes has begun: you decide to change it all the same."))
    if appointment.service is not None and appointment.service.needs_confirmation:
        sentences.append(_("The host has to agree to a new time; until then the appointment is not confirmed."))
    sentences.append(_("Cal.com is asked at once. If it refuses, nothing is changed, and you read why."))
    return sentences


def when(appointment: Appointment) -> str:
    """When it is, in a sentence."""
    facts = {"when": clock_time(appointment, appointment.starts_at), "zone": zone_of(appointment)}
    return _("It is on %(when)s (%(zone)s).") % facts


def told(appointment: Appointment) -> list[str]:
    """Who is told, and how."""
    if appointment.source == Appointment.Source.CALCOM or masking.decided(appointment, recipients.calcom_tells):
        return [_("Cal.com tells the customer by mail.")]
    number, address, why_not = masking.decided(appointment, _reached)
    by_sms = appointment.company.sms_enabled and why_not is None
    shown = masking.phone(number) if masking.is_masked() else spoken_number(number)
    facts = {"number": shown, "address": display.email(address)}
    if by_sms and address:
        return [_("The customer is told by SMS to %(number)s and by mail to %(address)s.") % facts]
    if by_sms:
        return [_("The customer is told by SMS to %(number)s.") % facts]
    if address:
        return [_("The customer is told by mail to %(address)s.") % facts]
    reason = why_not.tell(language=reader()) if why_not else _("The company sends no SMS.")
    return [_("No message reaches the customer (%(reason)s): a follow-up asks you to call.") % {"reason": reason}]


def _reached(appointment: Appointment) -> tuple[str, str, Why | None]:
    """The number and the address for messages, and why none goes to the number."""
    number = recipients.number_for(appointment)
    objection = recipients.sms_objection(appointment.customer, number, appointment)
    return number, recipients.email_of(appointment), objection


def read_changes(appointment: Appointment) -> None:
    """Read its changes, for all that its page asks about them."""
    rows = Change.objects.select_related("user", "call", "company").defer("company__calcom_api_key")
    prefetch_related_objects([appointment], Prefetch("changes", rows))


def history(appointment: Appointment) -> Table:
    """Who changed what, when and why."""
    cells = [
        [
            change.get_kind_display(),
            display.state(change, "state"),
            display.weekday(change.before),
            display.weekday(change.starts_at),
            _who(change),
            change.told(reader()) or change.reason,
            display.moment(change.created_at),
        ]
        for change in appointment.changes.all()
    ]
    heads = [_("What"), _("State"), _("Before"), _("After"), _("By"), _("Why"), _("Wanted")]
    return Table(_("Changes"), heads, cells, _("No change."))


def _why(asked: HttpRequest) -> dict[str, str]:
    """What is mostly so, and can be written over."""
    return {"note": _("The customer called.")}


def _waits(appointment: Appointment) -> bool:
    """Whether a cancellation is under way already."""
    return any(change.state == State.WAITING and change.kind == Kind.CANCEL for change in appointment.changes.all())


def _who(change: Change) -> Any:
    if change.user is not None:
        return str(change.user)
    return display.link(change.call, change.get_channel_display()) if change.call else change.get_channel_display()
