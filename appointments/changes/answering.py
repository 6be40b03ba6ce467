"""Carries out what needs no other time: the host's yes or no, and whether the customer came."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from appointments.calcom.booking import Booking
from appointments.calcom.errors import BookingRefused, NotFound
from appointments.changes import attendance
from appointments.changes.execution import Execution, mirror_all
from appointments.changes.limits import holds, objection
from appointments.models import Appointment, Change, Detail
from askpro.queues.errors import RateLimited, Unavailable

Kind, State = Change.Kind, Change.State


@dataclass(slots=True)
class Answering(Execution):
    """One try at saying it to Cal.com.

    The booking keeps its uid and its time, so what is said twice is so once. Cal.com refuses what is so already, and
    what is no longer asked: before a refusal is believed, the booking there is looked at.
    """

    def _is_open(self) -> bool:
        self.change.refresh_from_db(fields=["state", "asked_at"])
        self._appointment.refresh_from_db()
        if self.change.state != State.WAITING:
            return False
        if holds(self._appointment, self._kind):
            return not self._finish(State.DONE)
        why_not = objection(self._appointment, self._kind, None, may_override=True)
        if why_not is not None:
            self._refuse(why_not.detail)
        return why_not is None

    def _ask(self) -> None:
        if not self.change.note_request(timezone.now()):
            return
        try:
            self._record(self._request())
        except (BookingRefused, NotFound) as error:
            self._look()
            if self._is_open():
                self._refuse(error.detail if isinstance(error, BookingRefused) else Detail.REFUSED_INVALID)
        except (RateLimited, Unavailable):
            # This request was certainly not carried out, and looking at the booking first costs one more.
            self.change.note_request(None)
            raise

    def _request(self) -> Booking:
        uid = self._appointment.calcom_uid
        assert uid is not None  # by `objection`
        if self._kind == Kind.CONFIRM:
            return self._client.confirm(uid)
        if self._kind == Kind.DECLINE:
            return self._client.decline(uid, self._words())
        return self._client.mark_absent(uid, self._attendee(uid), absent=self._kind == Kind.NO_SHOW)

    def _record(self, booking: Booking | None) -> None:
        assert booking is not None
        if self._kind in (Kind.CONFIRM, Kind.DECLINE):
            mirror_all([booking])
            return
        with transaction.atomic():
            appointment = Appointment.objects.select_for_update().get(pk=self._appointment.pk)
            attendance.note(appointment, booking.attendees, timezone.now())

    def _seen(self, found: list[Booking]) -> None:
        """An earlier try may have told who came, and got no answer: then it need not be told again."""
        mirror_all(found)
        if self._kind not in (Kind.NO_SHOW, Kind.CAME) or not found:
            return
        ours = attendance.about(self._appointment, found[-1].attendees)
        if ours and any(attendee.absent for attendee in ours) is (self._kind == Kind.NO_SHOW):
            self._record(found[-1])

    def _attendee(self, uid: str) -> str:
        """The address by which Cal.com knows our attendee: an event type may have changed what it was given."""
        ours = attendance.about(self._appointment, self._client.get_booking(uid).attendees)
        if not ours or not ours[0].email:
            raise BookingRefused(Detail.OTHER_ATTENDEE)
        return ours[0].email

    @property
    def _kind(self) -> Change.Kind:
        return Kind(self.change.kind)
