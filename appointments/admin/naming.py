"""Who an appointment is for, as the console says it."""

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from appointments.models import Appointment
from askpro.console import display


def who(appointment: Appointment) -> SafeString | str:
    """Its attendee, else its customer."""
    if appointment.attendee_name or appointment.customer is None:
        return appointment.attendee_name or _("Unknown")
    return display.person(appointment.customer)
