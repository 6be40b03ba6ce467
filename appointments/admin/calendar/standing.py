"""How an appointment stands, told by a word, an icon and a tone: never by a colour alone."""

from enum import Enum
from typing import Final

from django.utils.translation import gettext_lazy as _

from appointments.models import Appointment

Status = Appointment.Status


class Standing(Enum):
    """The word, its icon and the tone of an appointment."""

    COMES = _("Says they come"), "how_to_reg", "success"
    CONFIRMED = _("Confirmed"), "check_circle", "success"
    WAITS = _("Waits for the host's yes"), "help", "warning"
    BEING_BOOKED = _("Being booked"), "hourglass_top", "info"
    CANCELLED = _("Cancelled"), "event_busy", "plain"
    TOOK_PLACE = _("Took place"), "task_alt", "plain"
    NO_SHOW = _("Did not come"), "person_off", "danger"

    @property
    def word(self) -> str:
        return str(self.value[0])

    @property
    def icon(self) -> str:
        return self.value[1]

    @property
    def tone(self) -> str:
        return self.value[2]

    @property
    def name_of_class(self) -> str:
        """Its part of a CSS class."""
        return self.name.lower().replace("_", "-")


_BY_STATUS: Final = {
    Status.CONFIRMED: Standing.CONFIRMED,
    Status.CANCELLED: Standing.CANCELLED,
    Status.COMPLETED: Standing.TOOK_PLACE,
    Status.NO_SHOW: Standing.NO_SHOW,
}


def standing(appointment: Appointment) -> Standing:
    if appointment.status == Status.REQUESTED:
        return Standing.WAITS if appointment.calcom_uid else Standing.BEING_BOOKED
    if appointment.status == Status.CONFIRMED and appointment.customer_confirmed_at is not None:
        return Standing.COMES
    return _BY_STATUS[Status(appointment.status)]


def is_moved(appointment: Appointment) -> bool:
    """Whether it stands at another time than it did first."""
    stands = appointment.status != Status.CANCELLED
    return stands and appointment.previous_starts_at not in (None, appointment.starts_at)
