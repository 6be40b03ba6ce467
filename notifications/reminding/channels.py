"""By which one channel a customer is reminded."""

from dataclasses import dataclass

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from appointments.models import Appointment
from notifications import recipients
from notifications.models import Notification
from notifications.why import Why

Channel, Status = Notification.Channel, Notification.Status


@dataclass(frozen=True, slots=True)
class Way:
    """A channel, and the number or address that it leads to."""

    channel: Notification.Channel
    recipient: str


def way_to(appointment: Appointment) -> Way | Why:
    """The channel that last worked for the customer, else SMS, else mail; a reason where neither may be used."""
    if recipients.calcom_tells(appointment):
        return Why.CALCOM_TELLS
    number, address = recipients.number_for(appointment), recipients.email_of(appointment)
    why_no_sms = _why_no_sms(appointment, number)
    by_sms, by_mail = Way(Channel.SMS, number), Way(Channel.EMAIL, address)
    if why_no_sms is None:
        return by_mail if address and _last_worked(appointment, number, address) == Channel.EMAIL else by_sms
    return by_mail if address else why_no_sms


def _why_no_sms(appointment: Appointment, number: str) -> Why | None:
    if not appointment.company.sms_enabled:
        return Why.NO_SMS
    return recipients.sms_objection(appointment.customer, number, appointment)


def _last_worked(appointment: Appointment, number: str, address: str) -> str | None:
    """The channel of the newest SMS that arrived, or mail that was taken, at this number or address."""
    worked = Q(channel=Channel.SMS, recipient=number, status=Status.DELIVERED)
    worked |= Q(channel=Channel.EMAIL, recipient=address, status__in=(Status.SENT, Status.DELIVERED))
    to_customer = Notification.objects.filter(company=appointment.company_id, recipient__in=(number, address))
    rows = to_customer.filter(worked).exclude(kind__in=Notification.TO_STAFF)
    newest = rows.order_by(Coalesce("delivered_at", "sent_at").desc(), F("id").desc())
    return newest.values_list("channel", flat=True).first()
