"""Bookings that wait for the host's word, or for a payment: waiting has an end, and somebody who is told."""

from datetime import timedelta
from typing import Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from appointments import follow_ups
from appointments.booking.waiting import NOTICE
from appointments.models import Appointment, Detail, FollowUp

# A host who has not answered by then is asked by a person; sooner, where the service's notice begins before.
ASK_AFTER: Final = timedelta(hours=4)


def unanswered() -> QuerySet[Appointment]:
    """Our customers' bookings that have waited too long, and of which nobody was told since they began to wait.

    Who booked at Cal.com is in Cal.com's hands.
    """
    now = timezone.now()
    told = FollowUp.objects.filter(
        appointment=OuterRef("pk"), reason=FollowUp.Reason.NO_ANSWER, created_at__gte=OuterRef("calcom_event_at")
    )
    waiting = Appointment.objects.filter(Appointment.WAITS_FOR_HOST, booking_request__isnull=False)
    waiting = waiting.exclude(source=Appointment.Source.CALCOM)
    late = Q(calcom_event_at__lt=now - ASK_AFTER) | Q(answer_by__lt=now)
    return waiting.annotate(answer_by=F("starts_at") - NOTICE).filter(late, ~Exists(told))


def ask(appointment: Appointment) -> None:
    """A person asks the host, and tells the customer; settled by itself when the word comes."""
    request = appointment.booking_request
    assert request is not None
    follow_ups.open_for(request, FollowUp.Reason.NO_ANSWER, Detail.HOST_SILENT, appointment=appointment)
