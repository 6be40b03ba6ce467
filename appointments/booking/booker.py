"""From a caller's wish to a booking at Cal.com: reserve here, book there outside any transaction, record here."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from appointments import availability, follow_ups
from appointments.booking import alternatives, existing, fields, reservations, surplus
from appointments.booking.handover import hand_over, hand_over_dead
from appointments.booking.rules import Problem, problem_with
from appointments.calcom import client as calcom
from appointments.calcom.booking import Booking
from appointments.calcom.errors import BookingRefused, SlotGone
from appointments.changes import sync
from appointments.changes.mirror import mirror, note_surplus
from appointments.models import Appointment, CalcomUid, Detail, FollowUp
from askpro.one_by_one import gravest, is_final, one_by_one
from askpro.queues.errors import Gone, JobError, RateLimited, Release, Unavailable, Unknown
from calls import strangers
from calls.models import BookingRequest, Call, Service

# One failed try may be a short outage; after the second a person is told, while the job keeps trying.
TRIES_BEFORE_HELP: Final = 2
# The process that asked may have died while its request was still on its way: until this time has passed, a booking
# that is not found may still be made, and a team's event type would take a second one beside it. Proxies give a request
# up after half a minute. If a booking is made later than that, `surplus` cancels one of the two.
JUDGED_AFTER: Final = timedelta(seconds=35)


class MayBeOnItsWay(Release):
    """The result of an earlier request cannot be known yet. Only this booking waits, not the others."""


def book_call(call_id: int) -> None:
    """Book every open request of a call; what cannot be booked is handed to a person.

    A request that fails does not stop the others: each is tried, then the gravest error is raised. Raises `Gone`.
    """
    call = Call.objects.filter(pk=call_id).first()
    if call is None:
        raise Gone(f"There is no call {call_id}.")
    _book_all(call.booking_requests.all())
    _settle_call(call)


def book_request(request_id: int) -> None:
    """Do the same for a request without a call."""
    requests = BookingRequest.objects.filter(pk=request_id)
    if not requests.exists():
        raise Gone(f"There is no request {request_id}.")
    _book_all(requests)


def _book_all(requests: QuerySet[BookingRequest]) -> None:
    related = ("call__branch__company", "call__customer", "branch__company", "customer", "company", "service")
    rows = requests.select_related(*related)
    still_open = rows.filter(status=BookingRequest.Status.OPEN).order_by("ordinal")
    # What a job books was not known while the caller was on the line.
    still_open.filter(told_on_phone_at__isnull=False).update(told_on_phone_at=None)
    failures = one_by_one(still_open, lambda request: Booker(request).book())
    for request, error in failures:
        _note_failure(request, error)
    if failures:
        raise gravest(error for _, error in failures)


@dataclass(slots=True)
class Booker:
    """One try at one request.

    1. Look at what an earlier try left: if there is a booking, all is done; if there is a reservation, its booking may
       exist at Cal.com, so look for it there first.
    2. Wait for a request that an earlier try may have sent: decide nothing while it can still become a booking.
    3. Have an appointment cancelled or moved if that is the wish. Hand to a person what no machine may decide, and what
       a phone call is not enough to book.
    4. Reserve, in a transaction of its own. Once it is committed, the booking may exist at Cal.com.
    5. Book there, outside of any transaction.
    6. Record, in a second transaction, through the same `mirror` that Cal.com's webhooks come through: it does not
       matter which of the two is first.

    Wherever it is killed, the next try finds either nothing, or a reservation, which makes it look at Cal.com.
    """

    request: BookingRequest
    appointment: Appointment | None = None
    seconds: list[Booking] = field(default_factory=list)

    def book(self) -> None:
        self.appointment = Appointment.objects.filter(booking_request=self.request).first()
        if self.appointment is not None and (self._is_settled() or self._accept(self._look_if_asked())):
            return
        self._wait_for_earlier_request()
        if not self.request.company.books_appointments and self.request.asks_for_booking:
            self.request.close(BookingRequest.Status.DROPPED)
        elif existing.settle(self.request):
            return
        elif problem := self._problem():
            offers = tuple(self._alternatives()) if problem.detail == Detail.CLOSED else ()
            hand_over(self.request, problem, self.appointment, offers)
        else:
            self._reserve_and_create()

    def _problem(self) -> Problem | None:
        """Why it cannot be booked; Cal.com is asked for the event type only if there is no other reason."""
        problem = problem_with(self.request, timezone.now())
        if problem is None and self._service.judged_at is None:
            sync.judge(self._client, self._service)
            problem = problem_with(self.request, timezone.now())
        return problem

    def _is_settled(self) -> bool:
        """Whether there is a booking (which may wait for the host), or the reservation was cancelled."""
        assert self.appointment is not None
        if self.appointment.status == Appointment.Status.CANCELLED:
            self.request.close(BookingRequest.Status.DROPPED)
        return self.appointment.calcom_uid is not None or self.appointment.status != Appointment.Status.REQUESTED

    def _look_if_asked(self) -> Booking | None:
        """Look, unless the request waited at the gate and was never sent: a search costs others a request."""
        assert self.appointment is not None
        return self._look() if self.appointment.asked_at is not None else None

    def _reserve_and_create(self) -> None:
        try:
            if self.appointment is None:
                self.appointment = reservations.reserve(self.request)
                self._accept(self._ask(None))
            else:
                self._accept(self._ask_again())
        except SlotGone:
            # After a lost answer, a retry may find the time taken by this job's own earlier request.
            if self.appointment is None or not self._accept(self._look()):
                self._hand_over_slot_gone()
        except BookingRefused as error:
            if not self._accept(self._look()):
                hand_over(self.request, Problem(FollowUp.Reason.REFUSED, error.detail), self.appointment)
        except Unknown:
            if not self._accept(self._look()) and not self._was_taken_by_others():
                raise

    def _ask_again(self) -> Booking:
        """An earlier request whose outcome is unknown may still be carried out: a job looks out for its booking."""
        assert self.appointment is not None
        earlier = self.appointment.asked_at
        with transaction.atomic():
            self.appointment.note_request(timezone.now())
            if earlier is not None:
                surplus.look_out(self.appointment)
        return self._ask(earlier)

    def _ask(self, earlier: datetime | None) -> Booking:
        assert self.appointment is not None
        try:
            return self._client.create_booking(self._new_booking())
        except (RateLimited, Unavailable):
            # This request was certainly not carried out; only an earlier one may still be.
            self.appointment.note_request(earlier)
            raise

    def _wait_for_earlier_request(self) -> None:
        asked_at = self.appointment.asked_at if self.appointment is not None else None
        remaining = asked_at + JUDGED_AFTER - timezone.now() if asked_at is not None else timedelta()
        if remaining > timedelta():
            raise MayBeOnItsWay(remaining.total_seconds(), "an earlier request may still be on its way to Cal.com")

    def _accept(self, booking: Booking | None) -> bool:
        """Record Cal.com's answer if it is what was asked for; False if there is none."""
        if booking is None:
            return False
        assert self.appointment is not None
        if booking.key != self.appointment.booking_key:
            # This booking is not ours, so it stays untouched, whatever made Cal.com answer with it.
            return self._accept(self._look()) or self._hand_over_mismatch(Detail.OTHER_BOOKING)
        if self._is_as_asked(booking):
            for found in (booking, *self.seconds):
                with transaction.atomic():
                    mirror(found, found.updated_at or timezone.now())
            return True
        return self._cancel_mismatch(booking)

    def _is_as_asked(self, booking: Booking) -> bool:
        assert self.appointment is not None
        same_start = booking.starts_at == self.appointment.starts_at
        return booking.event_type_id in (None, self._service.calcom_event_type_id) and (
            same_start or bool(booking.rescheduled_from)
        )

    def _cancel_mismatch(self, booking: Booking) -> bool:
        assert self.appointment is not None
        with transaction.atomic():
            rows = CalcomUid.lock(self.appointment.company_id, booking.uid)
            note_surplus(rows[booking.uid], self.appointment)
            return self._hand_over_mismatch(Detail.OTHER_TIME)

    def _hand_over_mismatch(self, detail: Detail) -> bool:
        hand_over(self.request, Problem(FollowUp.Reason.MISMATCH, detail), self.appointment)
        return True

    def _was_taken_by_others(self) -> bool:
        """For a team without a free host Cal.com answers 500: from the second try on that counts as a taken slot."""
        assert self.appointment is not None
        starts_at = self.appointment.starts_at
        free = self._client.slots(self._event_type_id, starts_at, starts_at + timedelta(hours=1))
        if not self.appointment.failed_tries or starts_at in free:
            return False
        # Look again: since the first look, our own request may have been carried out.
        if not self._accept(self._look()):
            self._hand_over_slot_gone()
        return True

    def _hand_over_slot_gone(self) -> None:
        problem = Problem(FollowUp.Reason.SLOT_GONE, Detail.TAKEN)
        self._note_gone()
        hand_over(self.request, problem, self.appointment, tuple(self._alternatives()))

    def _note_gone(self) -> None:
        """What was kept may be what made the caller wish for this time."""
        assert self.request.starts_at is not None
        availability.note_gone(self.request.company, self._event_type_id, self.request.starts_at, self._host)

    def _alternatives(self) -> list:
        assert self.request.starts_at is not None
        earliest = timezone.now() + timedelta(minutes=self._service.minimum_notice_minutes)
        start = self.request.starts_at - alternatives.NEAR
        end = self.request.starts_at + timedelta(days=alternatives.SEARCH_DAYS)
        try:
            slots = availability.free_times(
                self._service,
                start,
                end,
                self.request.staff,
                branch=self.request.where,
                ignoring=self.appointment,
            )
        except JobError:
            return []  # Calling back matters more than the times that are offered.
        return alternatives.choose(slots, self.request.starts_at, earliest, self.request.where.zone)

    def _look(self) -> Booking | None:
        """The booking that an earlier request made, if one is found; any further ones are in `seconds`."""
        assert self.appointment is not None
        found = self._client.find_bookings_by_key(*self.appointment.look_up)
        self.seconds = found[1:]
        return found[0] if found else None

    def _new_booking(self) -> calcom.NewBooking:
        appointment, customer = self.appointment, self.request.who
        assert appointment is not None
        return calcom.NewBooking(
            event_type_id=self._event_type_id,
            starts_at=appointment.starts_at,
            # Cal.com mails the name to the host, and to an address that the caller chose.
            name=strangers.plausible_name(appointment.attendee_name) or "Telefonkunde",
            email=appointment.calcom_email,
            phone=appointment.attendee_phone,
            language=customer.language if customer else self.request.company.language,
            time_zone=appointment.timezone,
            key=appointment.booking_key,
            appointment_id=appointment.pk,
            responses=fields.responses(self.request),
            host=self._host,
        )

    @property
    def _client(self) -> calcom.Calcom:
        return calcom.for_company(self.request.company)

    @property
    def _service(self) -> Service:
        assert self.request.service is not None
        return self.request.service

    @property
    def _host(self) -> int | None:
        return availability.wished_host(self._service, self.request.staff)

    @property
    def _event_type_id(self) -> int:
        assert self._service.calcom_event_type_id is not None
        return self._service.calcom_event_type_id


def _settle_call(call: Call) -> None:
    """Settle a call all of whose requests were dropped: it is done, too."""
    if set(call.booking_requests.values_list("status", flat=True)) == {BookingRequest.Status.DROPPED}:
        Call.objects.filter(pk=call.pk, outcome=Call.Outcome.PENDING).update(outcome=Call.Outcome.NO_REQUEST)


def _note_failure(request: BookingRequest, error: Exception) -> None:
    if is_final(error):
        # Now, not at the job's end: the job may take a while for the call's other requests.
        hand_over_dead(request, Detail.BOOKING_NEEDS_MENDING)
    elif not isinstance(error, Release):
        _count_failure(request, is_told=not isinstance(error, JobError) or error.parking is None)


def _count_failure(request: BookingRequest, is_told: bool) -> None:
    """Count one more try without an answer. At a shut gate, where tries are free, `waiting` tells a person instead."""
    with transaction.atomic():
        appointment = Appointment.objects.filter(booking_request=request).first()
        if appointment is None or not appointment.note_failure(Detail.NO_ANSWER):
            return
        if is_told and appointment.failed_tries >= TRIES_BEFORE_HELP:
            down = FollowUp.Reason.PROVIDER_DOWN
            follow_ups.open_for(request, down, Detail.NO_ANSWER, appointment=appointment)
