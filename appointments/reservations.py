"""Reservations that were left behind."""

from django.db import transaction
from django.utils import timezone

from appointments import calcom
from appointments.models import Appointment, CalcomUid, Detail
from askpro.queues.errors import Gone


def clear(appointment_id: int) -> None:
    """Make sure that a reservation whose request a person has taken over is no booking at Cal.com, and let it go."""
    appointment = Appointment.objects.select_related("company").filter(pk=appointment_id).first()
    if appointment is None:
        raise Gone(f"There is no appointment {appointment_id}.")
    if appointment.status != Appointment.Status.REQUESTED or appointment.calcom_uid is not None:
        return
    client = calcom.for_company(appointment.company)
    found = client.find_booking_by_key(appointment.booking_key, appointment.calcom_email, appointment.starts_at)
    if found is not None and not found.ended:
        with transaction.atomic():
            CalcomUid.lock(found.uid)[found.uid].end(timezone.now(), "Taken over by a person.")
        client.cancel(found.uid, "Automatisch storniert: wird persönlich vereinbart.")
    appointment.give_up(Detail.TAKEN_OVER)
