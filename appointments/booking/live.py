"""Books a request while somebody waits, a caller on the line or staff: the steps of `booker`, within their patience."""

from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction

from appointments import follow_ups
from appointments.booking import reservations
from appointments.booking.booker import Booker
from appointments.calcom.errors import SlotGone
from appointments.models import Appointment, Detail, FollowUp
from askpro.by_name import job
from askpro.deadline import NoTime
from askpro.gates import on_the_line
from askpro.queues.errors import JobError, Release
from calls.models import BookingRequest


class Result(StrEnum):
    """What became of a request while its caller waited."""

    BOOKED = "booked"
    REQUESTED = "requested"  # booked at Cal.com, where the host has to say yes
    GONE = "gone"  # the time was taken; the caller may name another
    HANDED_OVER = "handed_over"  # a person decides
    PENDING = "pending"  # a job goes on


def book(request: BookingRequest, patience: float) -> Result:
    """Book an open request within `patience` seconds. What is not known by then is left to a job, and a person is told,
    which the booking settles. Nothing is booked twice, however often and by whomever it is tried.
    """
    return _try(_LiveBooker(request), patience)


def book_for_staff(request: BookingRequest, patience: float) -> Result:
    """The same for a member of staff, who reads on the follow-up why it is not booked, and which times are free."""
    return _try(_PatientBooker(request), patience)


@dataclass(slots=True)
class _PatientBooker(Booker):
    """As `Booker`, while somebody waits."""

    is_gone: bool = False

    def note(self, error: JobError) -> None:
        """Count a try that got no answer, as the booking job does."""
        if self.appointment is not None and not isinstance(error, Release):
            self.appointment.note_failure(Detail.NO_ANSWER)


@dataclass(slots=True)
class _LiveBooker(_PatientBooker):
    """A taken time is said to the caller, who chooses another: no person is asked yet."""

    def _hand_over_slot_gone(self) -> None:
        with transaction.atomic():
            if self.appointment is not None and not self.appointment.give_up(Detail.TAKEN):
                return
            self.is_gone = self.request.close(BookingRequest.Status.DROPPED)
            self._note_gone()


def _try(booker: _PatientBooker, patience: float) -> Result:
    if patience > 0:
        try:
            with on_the_line(patience):
                booker.book()
        except JobError as error:
            booker.note(error)
        except NoTime:
            pass  # The job finds what became of it.
    return _result(booker.request, booker)


def _result(request: BookingRequest, booker: _PatientBooker) -> Result:
    if booker.is_gone:
        return Result.GONE
    appointment = Appointment.objects.filter(booking_request=request).first()
    if appointment is not None and appointment.is_agreed:
        return Result.BOOKED
    if appointment is not None and appointment.status == Appointment.Status.REQUESTED and appointment.calcom_uid:
        return Result.REQUESTED
    request.refresh_from_db(fields=["status"])
    if request.status != BookingRequest.Status.OPEN:
        return Result.HANDED_OVER
    _leave_to_job(request, appointment or _reserved(request))
    return Result.PENDING


def _reserved(request: BookingRequest) -> Appointment | None:
    """A reservation, before anything was asked: nobody else is promised the time, and the caller can cancel it."""
    try:
        appointment = reservations.reserve(request)
    except (SlotGone, Release):
        return None  # The job finds out, and tells a person.
    appointment.note_request(None)
    return appointment


def _leave_to_job(request: BookingRequest, appointment: Appointment | None) -> None:
    with transaction.atomic():
        if request.call_id is None:
            job("create_appointment_from_request").send(request_id=request.pk, company_id=request.company_id)
        else:
            job("create_appointment_from_call").send(call_id=request.call_id, company_id=request.company_id)
        follow_ups.open_for(request, FollowUp.Reason.PROVIDER_DOWN, Detail.TAKES_LONG, appointment=appointment)
