"""What attendees and hosts do with bookings, and which webhook reports it."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from askpro.dev.sandbox.calcom import payloads, refusals
from askpro.dev.sandbox.calcom.booking import PENDING, Attendee, Booking
from askpro.dev.sandbox.calcom.bookings import Bookings, Moved
from askpro.dev.sandbox.calcom.kinds import MANAGED, Kind
from askpro.dev.sandbox.calcom.refusals import Bare, Refused
from askpro.dev.sandbox.calcom.subscribers import Subscribers
from askpro.dev.sandbox.calcom.text import parsed
from askpro.dev.sandbox.switches import Switches
from askpro.dev.sandbox.world import HOSTS, EventType

Json = dict[str, Any]


class Acts:
    """Every method answers as the API does, and tells the subscribers. Raises the refusals of `Bookings`."""

    def __init__(self, bookings: Bookings, subscribers: Subscribers, switches: Switches) -> None:
        self._bookings = bookings
        self._subscribers = subscribers
        self._switches = switches

    def create(self, event_type: EventType, body: Json) -> Json | list[Json]:
        """`body` is a checked POST /v2/bookings. One booking, a seat of one, or an array: one per occurrence."""
        kind = self._switches.kind_of(event_type.id)
        if kind.seats:
            return self._take_seat(event_type, kind, body)
        said: Json = {
            "pending": kind.waits,
            "among": frozenset(body.get("rrHostSubsetIds") or ()),
            "metadata": body.get("metadata") or {},
            "responses": body.get("bookingFieldsResponses") or {},
            "guests": body.get("guests") or [],
            "price": kind.price,
        }
        where = (event_type, parsed(body["start"]), _attendees(body, kind))
        if not kind.occurrences:
            return self._booked([self._bookings.create(*where, **said)])[0]
        wanted = body.get("recurrenceCount") or kind.occurrences
        return self._booked(self._bookings.repeat(min(wanted, kind.occurrences), *where, **said))

    def cancel(self, uid: str, reason: str, seat: str = "") -> Json:
        booking = self._bookings.cancellable(uid)
        leaving = self._bookings.stand_up(booking, seat) if seat else None
        # The webhook is sent before the booking is cancelled, so a reader may still find it accepted. A seat is given
        # back first.
        told = payloads.cancelled(booking, reason, "", leaving)
        self._subscribers.tell(payloads.CANCELLED, booking.uid, told)
        if leaving is None:
            self._bookings.cancel(booking, reason)
        return booking.listed()

    def reschedule(self, uid: str, start: str, reason: str, by: str, seat: str = "") -> Json:
        old = self._bookings.get(uid)
        if old.seats:
            return self._move_seat(old, start, seat) if seat else self._move_seats(old, start, reason)
        # Hosts who move an appointment themselves have agreed to it.
        waits = self._switches.kind_of(old.event_type.id).confirmation and by != old.host.email
        moved = self._bookings.reschedule(uid, parsed(start), reason=reason, by=by, pending=waits)
        answered = moved.new.created()
        if waits:
            # It looks like a new request: it does not name the booking that it replaces.
            self._subscribers.tell(payloads.REQUESTED, moved.new.uid, payloads.booked(moved.new))
        else:
            self._tell_moved(moved)
        return answered

    def confirm(self, uid: str) -> Json:
        booking = self._pending(uid, "Booking already confirmed")
        self._bookings.confirm(booking)
        self._subscribers.tell(payloads.CREATED, uid, payloads.confirmed(booking))
        return booking.listed()

    def decline(self, uid: str, reason: str) -> Json:
        booking = self._pending(uid, "Booking is not pending")
        self._bookings.reject(booking, reason)
        self._subscribers.tell(payloads.REJECTED, uid, payloads.rejected(booking, reason))
        return booking.listed()

    def pay(self, uid: str) -> Json:
        booking = self._pending(uid, "Booking is not waiting for a payment")
        self._bookings.confirm(booking)
        self._subscribers.tell(payloads.CREATED, uid, payloads.confirmed(booking))
        self._subscribers.tell(payloads.PAID, uid, payloads.payment(booking, paid=True))
        return booking.listed()

    def ask_for_another_time(self, uid: str, reason: str) -> Json:
        """The host cancels, and Cal.com mails the attendee a link to choose again."""
        booking = self._bookings.cancellable(uid)
        told = payloads.cancelled(booking, reason, booking.host.email)
        self._bookings.cancel(booking, reason, booking.host.email)
        asked = {"requestReschedule": True, "rescheduledToUid": None}
        self._subscribers.tell(payloads.CANCELLED, uid, told | asked)
        return booking.listed()

    def reassign(self, uid: str, host_id: int | None = None) -> Json:
        """Give a booking to another host of its event type: the named one, else the first who is free."""
        booking, before = self._bookings.get(uid), self._bookings.get(uid).host
        free = [host.id for host in self._bookings.free_hosts(booking.event_type, booking.start)]
        chosen = host_id if host_id is not None else next(iter(free), None)
        if chosen not in booking.event_type.hosts:
            raise Refused(400, "No available users found to reassign the booking to.")
        self._bookings.reassign(booking, HOSTS[chosen])
        self._subscribers.tell(payloads.REASSIGNED, uid, payloads.reassigned(booking, before))
        host = booking.host
        return {"bookingUid": uid, "reassignedTo": {"id": host.id, "name": host.name, "email": host.email}}

    def mark_absent(self, uid: str, host: bool, attendees: Iterable[Json]) -> Json:
        booking = self._bookings.get(uid)
        absent = {person["email"].lower(): bool(person["absent"]) for person in attendees}
        self._bookings.mark_absent(booking, absent, host)
        if absent:
            self._subscribers.tell(payloads.NO_SHOW, uid, payloads.no_show(booking, absent))
        return booking.listed()

    def end_meeting(self, uid: str) -> Json:
        """What Cal.com's timer does when a meeting is over."""
        booking = self._bookings.get(uid)
        self._subscribers.tell_meeting(payloads.MEETING_ENDED, booking.end, payloads.meeting_ended(booking))
        return booking.listed()

    def _booked(self, bookings: list[Booking]) -> list[Json]:
        answered = [booking.created() for booking in bookings]
        for booking in bookings:
            if booking.price:
                told = payloads.payment(booking, paid=False)
                self._subscribers.tell(payloads.PAYMENT_INITIATED, booking.uid, told)
            else:
                trigger = payloads.REQUESTED if booking.status == PENDING else payloads.CREATED
                self._subscribers.tell(trigger, booking.uid, payloads.booked(booking))
        return answered

    def _take_seat(self, event_type: EventType, kind: Kind, body: Json) -> Json:
        person = replace(
            _attendees(body, kind)[0],
            seat=str(uuid.uuid4()),
            metadata=body.get("metadata") or {},
            responses=body.get("bookingFieldsResponses") or {},
        )
        booking = self._bookings.sit(kind.seats, event_type, parsed(body["start"]), person)
        answered = booking.created(person.seat)
        self._subscribers.tell(payloads.CREATED, booking.uid, payloads.booked(booking, person))
        return answered

    def _move_seats(self, booking: Booking, start: str, reason: str) -> Json:
        self._tell_moved(self._bookings.move_seats(booking, parsed(start), reason))
        return booking.listed()

    def _move_seat(self, old: Booking, start: str, seat: str) -> Json:
        """Move one attendee to another time, where others may be booked too; the other attendees stay."""
        person = old.seated(seat)
        new = self._bookings.sit(old.seats, old.event_type, parsed(start), replace(person, seat=str(uuid.uuid4())))
        if self._bookings.stand_up(old, seat) is None:
            self._bookings.cancel(old, "")
        moved = next(other for other in new.attendees if other.email == person.email)
        self._subscribers.tell(payloads.RESCHEDULED, new.uid, payloads.rescheduled(new, old, moved))
        return new.created(moved.seat)

    def _tell_moved(self, moved: Moved) -> None:
        self._subscribers.tell(payloads.RESCHEDULED, moved.new.uid, payloads.rescheduled(moved.new, moved.old))

    def _pending(self, uid: str, otherwise: str) -> Booking:
        booking = self._bookings.get(uid)
        if booking.status != PENDING:
            raise Refused(400, otherwise)
        return booking


def check_kind(event_type: EventType, kind: Kind, body: Json) -> None:
    """Check what depends on the event type's own settings. Raises the 400."""
    if kind.team == MANAGED:
        raise refusals.template(event_type.id)
    person, said = body["attendee"], body.get("bookingFieldsResponses") or {}
    if not person.get("email") and not kind.hides_email:
        raise Refused(400, "Missing attendee email - it is required by the event type.")
    if not person.get("phoneNumber") and (kind.phone_required or kind.hides_email):
        raise Refused(
            400,
            "Missing attendee phone number - it is required by the event type. Pass it as "
            '"attendee.phoneNumber" string in the request.',
        )
    for field in kind.fields:
        slug = field["slug"]
        if field.get("required") and said.get(slug) is None:
            raise Refused(
                400,
                f"Missing required booking field response: {slug} - it is required by the event type booking fields, "
                f"but missing in the bookingFieldsResponses. You can fetch the event type with ID {event_type.id} to "
                "see the required fields.",
            )
        if slug in said and not _fits(field, said[slug]):
            raise Refused(400, f"Invalid type for booking field '{slug}'. Expected type {field.get('type')}.")
    if kind.occurrences and (body.get("recurrenceCount") or 1) > kind.occurrences:
        raise Bare(400, "Occurrence count exceeds the event type's.")


def _fits(field: Mapping[str, Any], value: object) -> bool:
    """Whether the value is a number, boolean, list or text, as the field wants; a choice must be one of the options."""
    wanted: dict[str, type | tuple[type, ...]] = {
        "number": (int, float),
        "boolean": bool,
        "multiselect": list,
        "multiemail": list,
        "checkbox": list,
    }
    if not isinstance(value, wanted.get(field.get("type", "text"), str)):
        return False
    options = field.get("options")
    chosen = value if isinstance(value, list) else [value]
    return not options or all(entry in options for entry in chosen)


def _attendees(body: Json, kind: Kind) -> list[Attendee]:
    """The booker, then the guests, who are attendees as well."""
    person = body["attendee"]
    zone, language, phone = person["timeZone"], person.get("language", "en"), person.get("phoneNumber", "")
    email = f"{phone.removeprefix('+')}@sms.cal.com" if kind.hides_email else person["email"]
    guests = [Attendee("", guest, zone, language) for guest in body.get("guests") or []]
    return [Attendee(person["name"], email, zone, language, phone), *guests]
