"""Cal.com's truth, mirrored: webhooks, answers to our own calls and the sync all come through `mirror`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import reduce
from typing import Any

from django.db.models import Q
from django.utils import timezone

from appointments import follow_ups, people
from appointments.adoption import adopt, booking_of, is_of_company, replace_row, service_of
from appointments.calcom_booking import Booking, Status
from appointments.mandate import Mandate
from appointments.models import Appointment, CalcomUid, Detail, FollowUp
from calls.models import BookingRequest, Call
from notifications import outbox

REQUESTED, CONFIRMED, CANCELLED = (
    Appointment.Status.REQUESTED,
    Appointment.Status.CONFIRMED,
    Appointment.Status.CANCELLED,
)
# What a booking at Cal.com settles; a person keeps the others, such as a wish for a colleague not met.
SETTLED_BY_BOOKING = (
    FollowUp.Reason.PROVIDER_DOWN,
    FollowUp.Reason.JOB_DEAD,
    FollowUp.Reason.SLOT_GONE,
    FollowUp.Reason.REFUSED,
    FollowUp.Reason.TOO_SOON,
)


class Effect(StrEnum):
    """What the news of a booking did."""

    APPLIED = "applied"
    ENDED_BEFORE = "ended before it was heard of"
    OLDER_UID = "moved to a newer booking since"
    OTHER_START = "booked for another time than asked; left to the booking job"
    SURPLUS = "a booking that nobody wants; it is cancelled"


@dataclass(frozen=True, slots=True)
class Mirrored:
    appointment: Appointment | None
    effect: Effect
    changed: bool = False


def mirror(booking: Booking, at: datetime, mandate: Mandate | None = None) -> Mirrored:
    """Bring our rows to what Cal.com said of `booking` at `at`. Run it in a transaction; raises `NoCompany`, and
    `OtherTenant` when whoever told of it may not speak for the company that it is about (`mandate`; None: may).

    The same news twice, late, or in any order ends in the same rows, because what decides only ever grows:
    1. the uids it names are locked, and what it says of them is remembered: replaced by another, ended
    2. its appointment is found by a uid, else by our key, else made (source Cal.com)
    3. a uid that was replaced since says nothing about the appointment any more, nor does one that nobody wants: a
       second booking of one wish is cancelled, whoever was first, and the customer hears nothing of it
    4. the appointment follows: ended beats accepted beats pending, and older news never undoes newer
    """
    uids = CalcomUid.lock(*_chain(booking))
    this = uids[booking.uid]
    if mandate is not None:
        _require(mandate, uids, booking)
    _remember(uids, booking, at)
    appointment = _find(uids, booking)
    if appointment is None:
        if booking.ended:
            service_of(booking)
            return Mirrored(None, Effect.ENDED_BEFORE)
        appointment = adopt(booking)
    if _is_other_start(appointment, booking):
        return Mirrored(appointment, Effect.OTHER_START)
    for row in uids.values():
        row.belong_to(appointment)
    if this.replaced_by:
        return Mirrored(appointment, Effect.OLDER_UID)
    if _is_surplus(appointment, this, booking):
        note_surplus(this, appointment)
        return Mirrored(appointment, Effect.SURPLUS)
    before = (appointment.status, appointment.version)
    _follow(appointment, this, booking, at)
    return Mirrored(appointment, Effect.APPLIED, changed=before != (appointment.status, appointment.version))


def note_surplus(row: CalcomUid, appointment: Appointment) -> None:
    """Have a booking cancelled that nobody wants, in the caller's transaction."""
    # The jobs call back into this module.
    from appointments import tasks

    row.belong_to(appointment)
    if row.note_surplus():
        tasks.cancel_surplus_bookings.send(appointment_id=appointment.pk)


def _require(mandate: Mandate, uids: dict[str, CalcomUid], booking: Booking) -> None:
    """Every company that the news touches has to be one that `mandate` speaks for; nothing is written before."""
    named = Q(calcom_uids__in=list(uids)) | Q(booking_key=booking.key)
    owners = set(Appointment.objects.filter(named).values_list("company_id", flat=True))
    for company_id in sorted(owners) or [service_of(booking).company_id]:
        mandate.require(company_id)


def _remember(uids: dict[str, CalcomUid], booking: Booking, at: datetime) -> None:
    if booking.rescheduled_from:
        uids[booking.rescheduled_from].replace(booking.uid)
    if booking.rescheduled_to:
        uids[booking.uid].replace(booking.rescheduled_to)
    elif booking.ended:
        uids[booking.uid].end(at, booking.reason)


def _find(uids: dict[str, CalcomUid], booking: Booking) -> Appointment | None:
    # FOR UPDATE after the uids, always in this order. The booking job holds neither while it calls Cal.com.
    rows = Appointment.objects.select_for_update(of=("self",)).select_related("booking_request", "call")
    chain = (uids[name].appointment_id for name in _chain(booking))
    known = {
        appointment.pk: appointment for appointment in rows.filter(pk__in={pk for pk in chain if pk}).order_by("pk")
    }
    if known:
        in_order = dict.fromkeys(pk for name in _chain(booking) if (pk := uids[name].appointment_id))
        return reduce(_unite, [known[pk] for pk in in_order])
    by_key = rows.filter(booking_key=booking.key).first() if booking.key else None
    return by_key if by_key is not None and is_of_company(booking, by_key.company_id) else None


def _chain(booking: Booking) -> list[str]:
    return [uid for uid in (booking.rescheduled_from, booking.uid, booking.rescheduled_to) if uid]


def _unite(earlier: Appointment, later: Appointment) -> Appointment:
    """One row for two that turn out to be one booking, moved while its middle uid was not known yet."""
    if later.source == Appointment.Source.CALCOM and later.calcom_uid:
        uid = CalcomUid.lock(later.calcom_uid)[later.calcom_uid]
        state, at = booking_of(later, earlier), later.calcom_event_at or timezone.now()
        replace_row(later, by=earlier)
        _follow(earlier, uid, state, at)
        return earlier
    if earlier.source == Appointment.Source.CALCOM:
        replace_row(earlier, by=later)
    return later


def _is_other_start(appointment: Appointment, booking: Booking) -> bool:
    """A booking that answers our request with another time is none that the caller wished for."""
    waiting = appointment.calcom_uid is None and not booking.rescheduled_from
    return waiting and booking.starts_at != appointment.starts_at


def _is_surplus(appointment: Appointment, this: CalcomUid, booking: Booking) -> bool:
    if booking.ended or this.ended_at is not None:
        return False
    if booking.rescheduled_from:
        # What the appointment was moved to, however it looked before.
        if this.surplus_since is not None:
            this.keep()
        return False
    return this.surplus_since is not None or appointment.calcom_uid not in (None, booking.uid)


def _follow(appointment: Appointment, this: CalcomUid, booking: Booking, at: datetime) -> None:
    if this.ended_at is not None:
        _cancel(appointment, booking, this.ended_at, this.end_reason)
    elif booking.status == Status.PENDING:
        _hold(appointment, booking, at)
    else:
        _confirm(appointment, booking, at)


def _confirm(appointment: Appointment, booking: Booking, at: datetime) -> None:
    before, told = appointment.status, _was_told(appointment)
    if appointment.calcom_uid == booking.uid and before not in (REQUESTED, CONFIRMED):
        return  # Cal.com calls a booking accepted long after it took place; and what we cancelled stays so.
    changes = _facts(appointment, booking, at)
    moved = before != CONFIRMED or "previous_starts_at" in changes or _ends_otherwise(appointment, changes)
    if told and moved:
        changes["version"] = appointment.version + 1
    appointment.write(**changes, status=CONFIRMED)
    if before != CONFIRMED:
        _settle_request(appointment, revived=before == CANCELLED and not told)
    if moved:
        _tell(appointment, "rescheduled" if told else "confirmation")


def _hold(appointment: Appointment, booking: Booking, at: datetime) -> None:
    """The host has to say yes first: nothing is confirmed, nor does it stay so when it was moved to this."""
    if appointment.calcom_uid == booking.uid and appointment.status != REQUESTED:
        return
    changes = _facts(appointment, booking, at)
    if _was_told(appointment):
        changes["version"] = appointment.version + 1
    appointment.write(**changes, status=REQUESTED)


def _cancel(appointment: Appointment, booking: Booking, at: datetime, reason: str) -> None:
    current = appointment.calcom_uid in (None, booking.uid) or bool(booking.rescheduled_from)
    if not current or (appointment.status == CANCELLED and appointment.calcom_uid == booking.uid):
        return
    told = _was_told(appointment)
    changes = _facts(appointment, booking, at) | {"cancelled_at": at, "cancellation_reason": reason[:300]}
    if told:
        changes["version"] = appointment.version + 1
    appointment.write(**changes, status=CANCELLED)
    if not told:
        _hand_over(appointment)
    elif appointment.starts_at > timezone.now():
        _tell(appointment, "cancellation")


def _was_told(appointment: Appointment) -> bool:
    """Whether the customer has heard of this appointment: each word to them but the first raised the version."""
    return appointment.version > 1 or appointment.status not in (REQUESTED, CANCELLED)


def _ends_otherwise(appointment: Appointment, changes: dict[str, Any]) -> bool:
    return changes.get("ends_at", appointment.ends_at) != appointment.ends_at


def _facts(appointment: Appointment, booking: Booking, at: datetime) -> dict[str, Any]:
    """What `booking` says that we do not have yet; its time and host only if it is no older news."""
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
    if host := people.staff_of(booking, appointment.company_id):
        facts["staff"] = host
    return facts | people.attendee_facts(booking, appointment)


def _settle_request(appointment: Appointment, revived: bool) -> None:
    request = appointment.booking_request
    if request is None:
        return
    open_or_given_up = Q(status=BookingRequest.Status.OPEN) | Q(status=BookingRequest.Status.FOLLOW_UP)
    BookingRequest.objects.filter(open_or_given_up, pk=request.pk).update(status=BookingRequest.Status.BOOKED)
    settled = follow_ups.make_obsolete(request, SETTLED_BY_BOOKING, Detail.BOOKED_MEANWHILE)
    if appointment.call is not None:
        appointment.call.settle_outcome(Call.Outcome.BOOKED)
    if revived and not settled:
        follow_ups.open_for(request, FollowUp.Reason.MISMATCH, Detail.BOOKED_AFTER_ALL, appointment=appointment)
    if request.staff_id and appointment.staff_id != request.staff_id:
        follow_ups.open_for(request, FollowUp.Reason.UNKNOWN_STAFF, Detail.OTHER_PERSON, appointment=appointment)


def _hand_over(appointment: Appointment) -> None:
    """The host said no, or somebody cancelled before the customer was told: a person calls back."""
    request = appointment.booking_request
    if request is None or not request.close(BookingRequest.Status.FOLLOW_UP):
        return
    follow_ups.open_for(request, FollowUp.Reason.REFUSED, Detail.REJECTED, appointment=appointment)
    if appointment.call is not None:
        appointment.call.settle_outcome(Call.Outcome.FOLLOW_UP)


def _tell(appointment: Appointment, kind: str) -> None:
    # Who booked at Cal.com has its own mails; who booked by phone may have given no address at all.
    if appointment.source != Appointment.Source.CALCOM:
        outbox.announce(appointment, kind)
