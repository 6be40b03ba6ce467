"""Tells a person about bookings that have waited too long for the host's approval or for a payment."""

from datetime import timedelta
from typing import Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from appointments import follow_ups
from appointments.booking.waiting import NOTICE
from appointments.models import Appointment, Detail, FollowUp

# A person then asks the host who has not answered; sooner if the service's minimum notice begins earlier.
ASK_AFTER: Final = timedelta(hours=4)


def unanswered() -> QuerySet[Appointment]:
    """Our customers' bookings that have waited too long, and about which no person was told during this wait.

    A customer who booked at Cal.com itself is told by Cal.com.
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
    """Have a person ask the host and tell the customer; the follow-up is settled when the host answers."""
    request = appointment.booking_request
    assert request is not None
    follow_ups.open_for(request, FollowUp.Reason.NO_ANSWER, Detail.HOST_SILENT, appointment=appointment)
