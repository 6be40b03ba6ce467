"""Callers who hang up before a function has answered: the work after the call may have been done without its result."""

from django.db import transaction

from appointments.models import Appointment
from calls.functions.writing import locked
from calls.models import Call
from calls.requests import on_phone
from notifications.delivery import untold
from notifications.models import Notification


def look_after(call: Call) -> None:
    """Make up for what the reading of the call could not know yet; does nothing while the call lasts."""
    with transaction.atomic():
        held = locked(call)
        if held.extracted_at is None:
            return
        if on_phone.hand_over_gone(held, held.booking_requests.all()):
            held.settle_outcome(Call.Outcome.FOLLOW_UP)
        on_phone.note_unheard(held)
    for appointment in Appointment.objects.filter(call=call, status=Appointment.Status.CONFIRMED, version=1):
        untold.judge(appointment.pk, Notification.Kind.CONFIRMATION)
    untold.judge_changes(call.pk)
