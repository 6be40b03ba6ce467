"""An appointment as the entry of a calendar."""

from email.utils import parseaddr

from django.conf import settings
from django.utils import timezone

from appointments.models import Appointment
from calls import strangers
from notifications.links import link_for
from notifications.text import ics, places, texts


def entry_of(appointment: Appointment, attendee: str = "", *, is_cancelled: bool = False) -> ics.Event:
    """The same event over all versions of the appointment. `attendee`: the address that is invited to it, if any."""
    branch = appointment.branch
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    page = link_for(appointment)
    lines = [
        appointment.staff.name if appointment.staff else "",
        places.spoken_number(branch.phone) if branch else "",
        page,
    ]
    return ics.Event(
        uid=f"{appointment.booking_key}@{address.rpartition('@')[2]}",
        sequence=appointment.version,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        zone=places.zone_of(appointment),
        written_at=timezone.now(),
        summary=texts.summary(appointment),
        description="\n".join(line for line in lines if line),
        location=branch.address if branch else "",
        url=page,
        organizer_name=appointment.company.name,
        # Never a person's: a calendar takes changes only from whom it had the event.
        organizer_email=address,
        attendee_name=strangers.plausible_name(appointment.attendee_name) if attendee else "",
        attendee_email=attendee,
        is_cancelled=is_cancelled,
    )
