"""Mirrors Cal.com's state: webhooks, answers to our own calls and the sync all go through `mirror`."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import reduce
from typing import Any

from django.utils import timezone

from appointments import availability, follow_ups
from appointments.calcom.booking import Booking, Status
from appointments.changes import attendance, consequences, freeing, history, people
from appointments.changes.adoption import adopt, booking_of, company_of, replace_row, service_of
from appointments.changes.mandate import EVERYBODYS, Mandate
from appointments.models import Appointment, CalcomUid, Detail, FollowUp
from appointments.reminders import planning as reminders
from askpro.by_name import job

REQUESTED, CONFIRMED, CANCELLED = (
    Appointment.Status.REQUESTED,
    Appointment.Status.CONFIRMED,
    Appointment.Status.CANCELLED,
)
# What the history, the words to the customer and the reminders look at: joined, each is not read on its own.
_READ_LATER = ("booking_request", "call", "company", "branch", "service", "customer")


class Effect(StrEnum):
    """What an event about a booking changed."""

    APPLIED = "applied"
    ENDED_BEFORE = "ended before it was heard of"
    OLDER_UID = "moved to a newer booking since"
    OTHER_START = "booked for another time than asked; left to the booking job"
    SURPLUS = "a booking that nobody wants; it is cancelled"
    OTHER_ATTENDEE = "about another attendee of the booking"


@dataclass(frozen=True, slots=True)
class Mirrored:
    appointment: Appointment | None
    effect: Effect
    changed: bool = False


def mirror(booking: Booking, at: datetime, mandate: Mandate = EVERYBODYS) -> Mirrored:
    """Apply what Cal.com said about `booking` at `at` to our rows. Run it in a transaction; raises `NoCompany`, and
    `OtherTenant` if the sender may not change the company that it is about (`mandate`).

    The same news twice, late, or in any order ends in the same rows, because the facts that decide are only added:
    1. Lock the company's rows of the uids it names, and note what it says about them: replaced by another, ended.
    2. Find its appointment by a uid, else by our key, else create one (source Cal.com).
    3. A uid that has been replaced no longer says anything about the appointment, nor does a surplus booking: a second
       booking for one wish is cancelled, whichever came first, and the customer is not told about it.
    4. The appointment follows: ended beats accepted beats pending, and older news never undoes newer.
    News about another attendee, a seat or a guest, touches no appointment.
    """
    company_id = company_of(booking, mandate)
    availability.flush(company_id)
    uids = CalcomUid.lock(company_id, *booking.chain)
    booking = _without_others(booking, uids)
    this = uids[booking.uid]
    appointment = _find(company_id, uids, booking)
    if appointment is not None and not attendance.is_about(booking, appointment):
        _report_other(appointment, booking)
        return Mirrored(appointment, Effect.OTHER_ATTENDEE)
    _remember(uids, booking, at, appointment)
    if appointment is None:
        if booking.ended:
            service_of(booking)
            return Mirrored(None, Effect.ENDED_BEFORE)
        appointment = adopt(booking)
    if _is_other_start(appointment, booking):
        return Mirrored(appointment, Effect.OTHER_START)
    for name in booking.chain:
        uids[name].belong_to(appointment)
    if this.replaced_by:
        return Mirrored(appointment, Effect.OLDER_UID)
    if _is_requested_move(appointment, booking, at):
        assert appointment.calcom_uid is not None
        CalcomUid.lock(company_id, appointment.calcom_uid)[appointment.calcom_uid].replace(booking.uid)
    elif _is_surplus(appointment, this, booking):
        note_surplus(this, appointment)
        return Mirrored(appointment, Effect.SURPLUS)
    before, version = history.Before.of(appointment), appointment.version
    _follow(appointment, this, booking, at)
    history.note(appointment, before)
    freeing.note(appointment, before)
    reminders.follow(appointment, is_moved=before.starts_at != appointment.starts_at)
    is_changed = (before.status, version) != (appointment.status, appointment.version)
    return Mirrored(appointment, Effect.APPLIED, changed=is_changed)


def note_surplus(row: CalcomUid, appointment: Appointment) -> None:
    """Send the job that cancels this surplus booking, in the caller's transaction."""
    row.belong_to(appointment)
    if row.note_surplus():
        job("cancel_surplus_bookings").send(appointment_id=appointment.pk, company_id=appointment.company_id)


def _without_others(booking: Booking, uids: dict[str, CalcomUid]) -> Booking:
    """If another attendee moved to a new uid, the appointment that has the older uid stays where it is."""
    if not booking.rescheduled_from:
        return booking
    earlier = Appointment.objects.filter(calcom_uids=uids[booking.rescheduled_from]).first()
    if earlier is not None and attendance.is_about(booking, earlier):
        return booking
    if earlier is not None:
        _report_other(earlier, booking)
    return replace(booking, rescheduled_from="") if booking.seated or earlier is not None else booking


def _report_other(appointment: Appointment, booking: Booking) -> None:
    """Without seats a booking has one booker: if it now names another, a person must look into it."""
    request = appointment.booking_request
    if not booking.seated and request is not None:
        follow_ups.open_for(request, FollowUp.Reason.MISMATCH, Detail.OTHER_ATTENDEE, appointment=appointment)


def _remember(uids: dict[str, CalcomUid], booking: Booking, at: datetime, appointment: Appointment | None) -> None:
    this = uids[booking.uid]
    if booking.rescheduled_from:
        uids[booking.rescheduled_from].replace(booking.uid)
    if booking.rescheduled_to:
        this.replace(booking.rescheduled_to)
        return
    named = attendance.marks_of(booking.attendees)
    if booking.seated and named:
        this.note_seats(at, named, taken=not booking.ended)
    elif booking.ended:
        whose = attendance.marks(appointment) if appointment else frozenset() if booking.key else named
        this.note_seats(at, whose, taken=False)
        this.end(at, "" if appointment is not None and appointment.erased_at else booking.reason)


def _find(company_id: int, uids: dict[str, CalcomUid], booking: Booking) -> Appointment | None:
    # FOR UPDATE after the uids, always in this order. The booking job holds neither while it calls Cal.com.
    rows = Appointment.objects.select_for_update(of=("self",)).select_related(*_READ_LATER)
    chain = (uids[name].appointment_id for name in booking.chain)
    found = rows.filter(pk__in={pk for pk in chain if pk}).order_by("pk")
    known = {appointment.pk: _with_its_company(appointment) for appointment in found}
    # Our key is believed within its own company only.
    by_key = rows.filter(company_id=company_id, booking_key=booking.key).first() if booking.key else None
    ours = _with_its_company(by_key) if by_key is not None else None
    if not known:
        return ours
    in_order = dict.fromkeys(pk for name in booking.chain if (pk := uids[name].appointment_id))
    united = reduce(_unite, [known[pk] for pk in in_order])
    return _unite(ours, united) if ours is not None and _stands_for_ours(united, ours) else united


def _with_its_company(appointment: Appointment) -> Appointment:
    """Give the company to the rows that were read with it: a wide row, which each would read again."""
    for row in (appointment.branch, appointment.service, appointment.customer):
        if row is not None:
            row.company = appointment.company
    return appointment


def _stands_for_ours(found: Appointment, ours: Appointment) -> bool:
    """Whether the host's answer came first and without our key, so that the row adopted for it is our appointment."""
    adopted = found.source == Appointment.Source.CALCOM and found.pk != ours.pk
    return adopted and (ours.calcom_uid is not None or ours.starts_at == found.starts_at)


def _unite(earlier: Appointment, later: Appointment) -> Appointment:
    """Merge two rows that turn out to be one booking, which was moved twice before its middle uid was known."""
    if later.source == Appointment.Source.CALCOM and later.calcom_uid:
        uid = CalcomUid.lock(later.company_id, later.calcom_uid)[later.calcom_uid]
        state, at = booking_of(later, earlier), later.calcom_event_at or timezone.now()
        replace_row(later, by=earlier)
        _follow(earlier, uid, state, at)
        return earlier
    if earlier.source == Appointment.Source.CALCOM:
        replace_row(earlier, by=later)
    return later


def _is_other_start(appointment: Appointment, booking: Booking) -> bool:
    """Whether Cal.com answered our request with another time than the caller wished for."""
    waiting = appointment.calcom_uid is None and not booking.rescheduled_from
    return waiting and booking.starts_at != appointment.starts_at


def _is_requested_move(appointment: Appointment, booking: Booking, at: datetime) -> bool:
    """If the event type needs the host's approval, a move comes as a new request, which names no older booking.

    The newest one with our key is the booking. One with the same time would be the same wish, booked twice.
    """
    is_newest = appointment.calcom_event_at is None or at > appointment.calcom_event_at
    is_other = appointment.calcom_uid not in (None, booking.uid) and booking.starts_at != appointment.starts_at
    asks = booking.status == Status.PENDING and booking.key == appointment.booking_key
    return asks and is_other and is_newest and not booking.rescheduled_from


def _is_surplus(appointment: Appointment, this: CalcomUid, booking: Booking) -> bool:
    if booking.ended or this.has_ended_for(attendance.marks(appointment)):
        return False
    if booking.rescheduled_from:
        # The appointment was moved to it, even if it seemed surplus before.
        if this.surplus_since is not None:
            this.keep()
        return False
    is_other = appointment.calcom_uid not in (None, booking.uid)
    return this.surplus_since is not None or is_other or history.is_cancelled_unbooked(appointment)


def _follow(appointment: Appointment, this: CalcomUid, booking: Booking, at: datetime) -> None:
    if this.has_ended_for(attendance.marks(appointment)):
        _cancel(appointment, booking, this.ended_at or at, this.end_reason or booking.reason)
    elif booking.ended:
        return  # The seat was given back and has since been taken again.
    elif booking.status == Status.PENDING:
        _hold(appointment, booking, at)
    else:
        _confirm(appointment, booking, at)


def _confirm(appointment: Appointment, booking: Booking, at: datetime) -> None:
    before, told = appointment.status, _was_told(appointment)
    seated_again = booking.seated and before == CANCELLED
    if appointment.calcom_uid == booking.uid and before not in (REQUESTED, CONFIRMED) and not seated_again:
        return  # Cal.com calls a booking accepted long after it took place; and what we cancelled stays cancelled.
    changes = _facts(appointment, booking, at)
    moved = before != CONFIRMED or "previous_starts_at" in changes or _ends_otherwise(appointment, changes)
    other_host = before == CONFIRMED and _is_with_other(appointment, changes)
    if told and (moved or other_host):
        changes["version"] = appointment.version + 1
    appointment.write(**changes, status=CONFIRMED)
    if before != CONFIRMED:
        consequences.settle_request(appointment, revived=before == CANCELLED and not told)
    if other_host:
        consequences.note_host(appointment, is_moved=moved)
    if moved:
        consequences.tell(appointment, "rescheduled" if told and not seated_again else "confirmation")


def _hold(appointment: Appointment, booking: Booking, at: datetime) -> None:
    """The host must approve first: the booking is not confirmed, nor is a confirmed one that was moved to it."""
    if appointment.calcom_uid == booking.uid and appointment.status != REQUESTED:
        return
    changes = _facts(appointment, booking, at)
    is_news = appointment.calcom_uid != booking.uid or "previous_starts_at" in changes
    if is_news and _was_told(appointment):
        changes["version"] = appointment.version + 1
    appointment.write(**changes, status=REQUESTED)
    if is_news:
        consequences.tell(appointment, "requested")


def _cancel(appointment: Appointment, booking: Booking, at: datetime, reason: str) -> None:
    current = appointment.calcom_uid in (None, booking.uid) or bool(booking.rescheduled_from)
    if current and booking.wants_other_time:
        consequences.ask_for_other_time(appointment)
    if not current or (appointment.status == CANCELLED and appointment.calcom_uid == booking.uid):
        return
    is_wished = history.is_cancellation_wanted(appointment)
    told = _was_told(appointment) or is_wished
    waited = appointment.status == REQUESTED and appointment.calcom_uid is not None
    said = "" if appointment.erased_at else reason[:300]
    changes = _facts(appointment, booking, at) | {"cancelled_at": at, "cancellation_reason": said}
    if told:
        changes["version"] = appointment.version + 1
    appointment.write(**changes, status=CANCELLED)
    consequences.settle_waiting(appointment)
    if is_wished:
        consequences.close_request(appointment)
    if not told:
        consequences.call_back(appointment, waited=waited)
    elif appointment.starts_at > timezone.now():
        consequences.tell(appointment, "cancellation")
        if waited and not is_wished and appointment.booking_request:
            request = appointment.booking_request
            follow_ups.open_for(request, FollowUp.Reason.REFUSED, Detail.MOVE_REJECTED, appointment=appointment)


def _was_told(appointment: Appointment) -> bool:
    """Whether the customer was told about this appointment: every message after the first raised the version."""
    return appointment.version > 1 or appointment.is_agreed


def _ends_otherwise(appointment: Appointment, changes: dict[str, Any]) -> bool:
    return changes.get("ends_at", appointment.ends_at) != appointment.ends_at


def _is_with_other(appointment: Appointment, changes: dict[str, Any]) -> bool:
    """Whether another person replaces the one that the customer was told about."""
    return appointment.staff is not None and changes.get("staff", appointment.staff) != appointment.staff


def _facts(appointment: Appointment, booking: Booking, at: datetime) -> dict[str, Any]:
    """What `booking` says that we do not have yet; its time and host only if this is not older news."""
    facts: dict[str, Any] = {
        "sync_status": Appointment.Sync.SYNCED,
        "sync_error": "",
        "sync_error_facts": {},
        "calcom_uid": booking.uid,
    }
    if booking.id is not None:
        facts["calcom_booking_id"] = booking.id
    if appointment.calcom_uid == booking.uid and appointment.calcom_event_at and at < appointment.calcom_event_at:
        return facts
    facts |= {"calcom_event_at": at, "starts_at": booking.starts_at, "ends_at": booking.ends_at}
    if appointment.starts_at != booking.starts_at:
        facts["previous_starts_at"] = appointment.starts_at
        facts["customer_confirmed_at"] = None
    if booking.names_host:
        facts["staff"] = people.staff_of(booking, appointment.company_id)
    return facts | people.attendee_facts(booking, appointment)
