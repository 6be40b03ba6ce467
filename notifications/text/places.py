"""Where a message's appointment is: the clocks there, and how its number is dialled."""

from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from appointments.models import Appointment
from calls.models import Branch, Company
from notifications.models import Notification


def zone_of(appointment: Appointment) -> ZoneInfo:
    """The time zone of the appointment's place."""
    return zone_at(appointment.company, appointment.branch)


def zone_for(notification: Notification) -> ZoneInfo:
    """The time zone of the place that a message is about."""
    if notification.follow_up is not None:
        return zone_at(notification.company, notification.follow_up.branch)
    if notification.offer is not None:
        return notification.offer.freed_time.zone
    return zone_of(subject_of(notification))


def zone_at(company: Company, branch: Branch | None) -> ZoneInfo:
    return branch.zone if branch else ZoneInfo(company.timezone)


def subject_of(notification: Notification) -> Appointment:
    """The appointment of a message that is about one."""
    assert notification.appointment is not None
    return notification.appointment


def spoken_number(e164: str) -> str:
    """A number as people dial it: `030 23125100` at home, with country code elsewhere."""
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        return e164
    home = phonenumbers.region_code_for_number(number) == "DE"
    return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL)
