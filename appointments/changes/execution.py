"""Carries out a cancellation or a move: asks Cal.com outside of any transaction, and records what it says here."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from appointments import availability, follow_ups
from appointments.calcom import client as calcom
from appointments.calcom.booking import Booking, Status
from appointments.calcom.errors import BookingRefused, NotFound, SlotGone
from appointments.changes import consequences, history
from appointments.changes.adoption import booking_of
from appointments.changes.mirror import mirror
from appointments.models import Appointment, CalcomUid, Change, Detail
from askpro.by_name import job
from askpro.queues.errors import JobError, RateLimited, Unavailable, Unknown
from askpro.queues.units import S
from calls import strangers

Kind, State, Channel = Change.Kind, Change.State, Change.Channel

# How often Cal.com may have moved the booking between our look and our request.
MOST_ROUNDS: Final = 4
SEARCH: Final = timedelta(days=7)
MOST_ALTERNATIVES: Final = 5
LOOK_LATER: Final = 60
REASONS: Final[dict[str, Detail]] = {
    Channel.PHONE: Detail.BY_PHONE,
    Channel.CALL: Detail.BY_PHONE,
    Channel.SMS: Detail.BY_SMS,
    Channel.PAGE: Detail.BY_PAGE,
    Channel.API: Detail.BY_API,
    Channel.CONSOLE: Detail.BY_STAFF,
}


@dataclass(slots=True)
class Execution:
    """One try at one change.

    1. If an earlier try may have reached Cal.com, look at the booking there first.
    2. Ask. Cal.com ends a booking's uid with the first cancellation or move, so that a second request for the same is
       refused as done before, whichever of the two is late.
    3. Record what Cal.com says through the same `mirror` that webhooks come through: there the change ends.
    4. If the booking was changed at Cal.com meanwhile: a cancellation follows it to its new time, since the customer
       does not want it at any; a move is left to a person.
    """

    change: Change
    is_answered: bool

    def run(self) -> None:
        if self.change.asked_at is not None:
            self._look()
        for _ in range(MOST_ROUNDS):
            if not self._is_open():
                return
            if self._appointment.calcom_uid is None:
                self._cancel_unbooked()
            else:
                self._ask()
        if self._is_open():
            raise Unavailable("Cal.com: the booking changes again and again")

    @property
    def _appointment(self) -> Appointment:
        return self.change.appointment

    @property
    def _client(self) -> calcom.Calcom:
        return calcom.for_company(self._appointment.company)

    def _is_open(self) -> bool:
        """Whether it is still to be done, by the rows as they are now; ends it where the two sides have crossed."""
        self.change.refresh_from_db(fields=["state", "asked_at"])
        self._appointment.refresh_from_db()
        if self.change.state != State.WAITING:
            return False
        is_cancelled = self._appointment.status == Appointment.Status.CANCELLED
        if self.change.kind == Kind.CANCEL:
            return not (is_cancelled and self._finish(State.DONE))
        if is_cancelled:
            self._refuse(Detail.CROSSED_CANCEL)
        elif self._appointment.starts_at == self.change.starts_at:
            waits = self._appointment.status == Appointment.Status.REQUESTED
            self._finish(State.REQUESTED if waits else State.DONE)
        elif self._was_moved_there():
            self._refuse(Detail.CROSSED_MOVE)
        else:
            return True
        return False

    def _was_moved_there(self) -> bool:
        """Whether the appointment has left the time that the customer knew, and not by an earlier wish of theirs."""
        if self._appointment.starts_at == self.change.before:
            return False
        moves = self._appointment.changes.filter(kind=Kind.MOVE, state__in=(State.DONE, State.REQUESTED))
        newest = moves.first()
        return newest is None or newest.is_from_calcom

    def _ask(self) -> None:
        earlier, uid = self.change.asked_at, self._appointment.calcom_uid
        if self._is_shared():
            self._refuse(Detail.SHARED_TIME)
            return
        if not self.change.note_request(timezone.now()):
            return
        try:
            self._record(self._request())
        except SlotGone:
            self._refuse(Detail.TAKEN, self._alternatives())
        except (BookingRefused, NotFound) as error:
            # Perhaps it was cancelled or moved there: then it is not what was refused that counts.
            self._look()
            if self._is_open() and self._appointment.calcom_uid == uid:
                self._refuse(error.detail if isinstance(error, BookingRefused) else Detail.REFUSED_INVALID)
        except (RateLimited, Unavailable):
            # This request was certainly not carried out; only an earlier one may have been.
            self.change.note_request(earlier)
            raise

    def _is_shared(self) -> bool:
        """Whether others have seats in the booking, which a change would take along."""
        rows = CalcomUid.objects.filter(company_id=self._appointment.company_id, uid=self._appointment.calcom_uid)
        seats = rows.values_list("seats", flat=True).first() or {}
        return any(taken for _, taken in seats.values())

    def _request(self) -> Booking | None:
        assert self._appointment.calcom_uid is not None
        uid, words = self._appointment.calcom_uid, self._words()
        if self.change.kind == Kind.CANCEL:
            return self._client.cancel(uid, words)
        assert self.change.starts_at is not None
        return self._client.reschedule(uid, self.change.starts_at, words)

    def _record(self, booking: Booking | None) -> None:
        if booking is None:
            self._look()
            return
        if self.change.kind == Kind.CANCEL and not booking.ended:
            raise Unknown("Cal.com: answered the cancellation with a booking that is not cancelled")
        if self.change.kind == Kind.MOVE and not booking.rescheduled_from:
            booking = replace(booking, rescheduled_from=self._appointment.calcom_uid or "")
        mirror_all([booking])

    def _look(self) -> None:
        """Bring our rows to the booking at Cal.com, and to what it was moved to."""
        if self._appointment.calcom_uid is not None:
            try:
                self._seen(self._client.chain(self._appointment.calcom_uid))
            except NotFound:
                self._end_vanished()

    def _seen(self, found: list[Booking]) -> None:
        mirror_all(found)

    def _end_vanished(self) -> None:
        """Cal.com does not know the booking: if its list has none with our key either, it does not take place."""
        found = self._client.find_bookings_by_key(*self._appointment.look_up)
        if found:
            mirror_all(found)
            return
        gone = booking_of(self._appointment, self._appointment)
        why = Detail.NOT_THERE.tell(language=self._appointment.company.language)
        mirror_all([replace(gone, status=Status.CANCELLED, rescheduled_from="", reason=why)])

    def _cancel_unbooked(self) -> None:
        """Cancel an appointment that is being booked: what became of that is looked for now and later."""
        appointment = self._appointment
        if appointment.asked_at is not None:
            mirror_all(self._client.find_bookings_by_key(*appointment.look_up))
        with transaction.atomic():
            held = Appointment.objects.select_for_update(of=("self",)).select_related("booking_request")
            row = held.get(pk=appointment.pk)
            if row.calcom_uid is not None or not row.give_up(Detail.CANCELLED_AS_WISHED):
                return
            consequences.close_request(row)
            arguments = {"appointment_id": row.pk, "company_id": row.company_id}
            job("look_for_second_booking").send_with_options(kwargs=arguments, delay=LOOK_LATER * S)
            self._finish(State.DONE)

    def _finish(self, state: Change.State) -> bool:
        with transaction.atomic():
            Appointment.objects.select_for_update(no_key=True).get(pk=self._appointment.pk)
            history.finish(self.change, state)
        return True

    def _refuse(self, why: Detail, alternatives: list[datetime] | None = None) -> None:
        with transaction.atomic():
            Appointment.objects.select_for_update(no_key=True).get(pk=self._appointment.pk)
            if not self.change.end(State.REFUSED, why, alternatives=alternatives or ()):
                return
            if follow_ups.renew_for_change(self.change, why):
                return
            follow_ups.settle_change(self._appointment, Detail.REPLACED)
            if not self.is_answered:
                follow_ups.open_for_change(self.change, why)

    def _alternatives(self) -> list[datetime]:
        service, wished = self._appointment.service, self.change.starts_at
        if service is None or service.calcom_event_type_id is None or wished is None:
            return []
        availability.flush(self._appointment.company_id)
        try:
            free = availability.free_times(service, wished - SEARCH, wished + SEARCH, branch=self._appointment.branch)
        except JobError:
            return []  # That a person calls matters more than the times that are offered.
        return sorted(sorted(free, key=lambda slot: abs(slot - wished))[:MOST_ALTERNATIVES])

    def _words(self) -> str:
        language = self._appointment.company.language
        told = REASONS[self.change.channel].tell(language=language)
        # Cal.com mails the reason to the host.
        return f"{told} {strangers.unlinked(self.change.reason)}".strip()


def mirror_all(bookings: list[Booking]) -> None:
    """Bring our rows to these bookings."""
    for booking in bookings:
        with transaction.atomic():
            mirror(booking, booking.updated_at or timezone.now())
