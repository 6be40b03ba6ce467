"""How the console names an appointment: who it is for, and when it is by the clocks of its place."""

from datetime import datetime

from django.utils import timezone, translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from appointments.models import Appointment
from askpro.console import display, masking
from notifications.text.places import zone_of


def who(appointment: Appointment) -> SafeString | str:
    """Its attendee, else its customer."""
    if appointment.attendee_name or appointment.customer is None:
        return display.name(appointment.attendee_name) or _("Unknown")
    return display.person(appointment.customer)


def plain_who(appointment: Appointment) -> str:
    """The same without markup, for where a row is named."""
    if appointment.attendee_name or appointment.customer is None:
        return appointment.attendee_name or _("Unknown")
    return display.title(appointment.customer)


def clock_time(appointment: Appointment, moment: datetime) -> str:
    """A moment by the clocks where the appointment is, with its weekday."""
    with timezone.override(zone_of(appointment)):
        return display.local(moment, "WEEKDAY_TIME_FORMAT")


def reader() -> str:
    """The language of who reads this page."""
    return translation.get_language() or ""


def call_button(number: str) -> list[dict[str, str]]:
    """A button that has a phone call this number (E.164); none without one, or while it is masked."""
    is_known = number.startswith("+") and not masking.is_masked()
    return [{"label": pgettext("button", "Call"), "icon": "call", "href": f"tel:{number}"}] if is_known else []
