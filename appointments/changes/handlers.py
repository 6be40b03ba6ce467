"""What each of Cal.com's webhooks changes in our rows."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeAlias

from appointments.calcom.booking import Booking, Status, attendees_in, uid
from appointments.calcom.event import CalcomEvent, Trigger
from appointments.changes import attendance
from appointments.changes.adoption import only
from appointments.changes.mandate import Mandate
from appointments.changes.mirror import Mirrored, mirror
from appointments.models import Appointment, CalcomUid

CONFIRMED, COMPLETED = Appointment.Status.CONFIRMED, Appointment.Status.COMPLETED

Handler: TypeAlias = Callable[[CalcomEvent, Mandate], "Mirrored | Appointment | None"]


def apply(event: CalcomEvent, mandate: Mandate) -> Mirrored | Appointment | None:
    """Apply an event to our rows, in the caller's transaction; None if it concerns no row of ours.

    Raises `KeyError` on a trigger without a handler, `Unreadable`, `NoCompany`, `OtherTenant`.
    """
    return HANDLERS[event.trigger](event, mandate)


def _booking(status: Status) -> Handler:
    def handle(event: CalcomEvent, mandate: Mandate) -> Mirrored:
        return mirror(Booking.from_webhook(event.payload, status), event.at, mandate)

    return handle


def _changed(event: CalcomEvent, mandate: Mandate) -> Mirrored:
    """Another time, or another host."""
    booking = Booking.from_webhook(event.payload, Status.ACCEPTED)
    # If it is moved by anyone but the host, and its event type asks the host first, it waits for approval again.
    pending = str(event.payload.get("status", "")).upper() == "PENDING"
    return mirror(replace(booking, status=Status.PENDING) if pending else booking, event.at, mandate)


def _no_show(event: CalcomEvent, mandate: Mandate) -> Appointment | None:
    """The customer was marked as absent, or that was taken back: the newest event about our attendee counts."""
    appointment = _known(uid(event.payload.get("bookingUid") or event.payload.get("uid"), "bookingUid"), mandate)
    if appointment is not None:
        attendance.note(appointment, attendees_in(event.payload), event.at)
    return appointment


def _meeting_ended(event: CalcomEvent, mandate: Mandate) -> Appointment | None:
    appointment = _known(uid(event.payload.get("uid"), "uid"), mandate)
    if appointment is not None and appointment.status == CONFIRMED and appointment.ends_at <= event.at:
        appointment.write(status=COMPLETED)
    return appointment


def _known(booking_uid: str, mandate: Mandate) -> Appointment | None:
    """The appointment, locked, whose current booking this is; None for an unknown or a replaced uid."""
    rows = CalcomUid.objects.filter(uid=booking_uid, replaced_by="", appointment__isnull=False)
    companies = mandate.allowed(rows.values_list("company_id", flat=True))
    if not companies:
        return None
    row = rows.select_for_update().filter(company_id=only(companies)).first()
    return Appointment.objects.select_for_update().filter(calcom_uids=row).first() if row else None


HANDLERS: Final[dict[str, Handler]] = {
    Trigger.CREATED: _booking(Status.ACCEPTED),
    Trigger.REQUESTED: _booking(Status.PENDING),
    Trigger.RESCHEDULED: _changed,
    Trigger.REASSIGNED: _changed,
    Trigger.CANCELLED: _booking(Status.CANCELLED),
    Trigger.REJECTED: _booking(Status.REJECTED),
    Trigger.NO_SHOW_UPDATED: _no_show,
    Trigger.MEETING_ENDED: _meeting_ended,
}
