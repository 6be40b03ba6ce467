"""Writes messages in the transaction that made them true; they are sent later."""

from collections.abc import Iterator

from django.db import transaction

from appointments.models import Appointment, Offer
from notifications import recipients, sending
from notifications.delivery import untold
from notifications.models import Notification, because
from notifications.reminding.channels import Way
from notifications.why import Why


def announce(appointment: Appointment, kind: str) -> list[Notification]:
    """Tell the customer, and staff of a new appointment. Returns the rows written now, none the second time.

    One row per (appointment, version, kind, channel), written in the caller's transaction together with its job.
    If no SMS may go out, the row says why. Whether it is still true is checked again when it is sent.
    """
    drafts = [*_to_customer(appointment, Notification.Kind(kind))]
    if kind == Notification.Kind.CONFIRMATION:
        drafts += _to_staff(appointment)
    with transaction.atomic():
        written = sending.write(drafts)
        untold.judge(appointment.pk, kind)
    return written


def repeat_confirmation(appointment: Appointment) -> list[Notification]:
    """Write the confirmation of a new version to the customer alone, whose appointment has not changed."""
    return sending.write(_to_customer(appointment, Notification.Kind.CONFIRMATION))


def ask_back(appointment: Appointment, number: str) -> Notification | None:
    """Ask the customer by SMS whether really to cancel; None if no SMS may go to this number."""
    if recipients.sms_objection(appointment.customer, number, appointment) is not None:
        return None
    kind, channel = Notification.Kind.CANCEL_QUESTION, Notification.Channel.SMS
    return sending.write([_draft(appointment, kind, channel, number, None)])[0]


def remind(appointment: Appointment, kind: Notification.Kind, way: Way) -> Notification:
    """Remind the customer by one channel, once for each version of the appointment."""
    draft = _draft(appointment, kind, way.channel, way.recipient, None)
    sending.write([draft])
    return Notification.objects.get(
        appointment=appointment, version=appointment.version, kind=kind, channel=way.channel
    )


def ask_offered(offer: Offer, number: str) -> Notification:
    """Ask the customer by SMS whether the freed time suits, in the transaction that makes the offer."""
    return sending.write([_offer_draft(offer, Notification.Kind.OFFER, number)])[0]


def tell_gone(offer: Offer) -> None:
    """Tell once that the offer holds no longer, at the number that was asked, if it may still get SMS."""
    asked = offer.notifications.filter(kind=Notification.Kind.OFFER).first()
    if asked is None or recipients.sms_objection(offer.customer, asked.recipient, recipients.wish_of(offer)):
        return
    sending.write([_offer_draft(offer, Notification.Kind.OFFER_GONE, asked.recipient)])


def _to_customer(appointment: Appointment, kind: Notification.Kind) -> Iterator[Notification]:
    company, customer = appointment.company, appointment.customer
    calcom_tells = recipients.calcom_tells(appointment)
    if company.sms_enabled:
        number = recipients.number_for(appointment)
        why_not = Why.CALCOM_TELLS if calcom_tells else recipients.sms_objection(customer, number, appointment)
        yield _draft(appointment, kind, Notification.Channel.SMS, number, why_not)
    if address := recipients.email_of(appointment):
        why_not = Why.CALCOM_TELLS if calcom_tells else None
        yield _draft(appointment, kind, Notification.Channel.EMAIL, address, why_not)


def _to_staff(appointment: Appointment) -> Iterator[Notification]:
    branch_email = appointment.branch.notification_email if appointment.branch else ""
    if address := recipients.staff_email(appointment.company, branch_email):
        yield _draft(appointment, Notification.Kind.STAFF, Notification.Channel.EMAIL, address, None)


def _draft(
    appointment: Appointment,
    kind: Notification.Kind,
    channel: Notification.Channel,
    recipient: str,
    why_not: Why | None,
) -> Notification:
    reader = appointment.customer if kind != Notification.Kind.STAFF else None
    return Notification(
        company=appointment.company,
        appointment=appointment,
        call_id=appointment.call_id,
        customer_id=appointment.customer_id,
        kind=kind,
        channel=channel,
        version=appointment.version,
        recipient=recipient,
        language=(reader or appointment.company).language,
        status=Notification.Status.SKIPPED if why_not else Notification.Status.PENDING,
        **because(why_not),
    )


def _offer_draft(offer: Offer, kind: Notification.Kind, number: str) -> Notification:
    return Notification(
        company=offer.company,
        offer=offer,
        customer=offer.customer,
        kind=kind,
        channel=Notification.Channel.SMS,
        recipient=number,
        language=(offer.customer or offer.company).language,
    )
