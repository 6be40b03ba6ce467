"""Asks a customer by SMS whether a freed time suits, and tells one who answers too late."""

from appointments.models import Offer
from notifications import recipients, sending
from notifications.models import Notification

Kind = Notification.Kind


def ask(offer: Offer, number: str) -> Notification:
    """Write the question and its job, in the transaction that makes the offer."""
    return sending.write([_draft(offer, Kind.OFFER, number)])[0]


def tell_gone(offer: Offer) -> list[Notification]:
    """Tell once that the offer no longer holds, to the number that was asked, if it may still get SMS."""
    asked = offer.notifications.filter(kind=Kind.OFFER).first()
    if asked is None or recipients.sms_objection(offer.customer, asked.recipient, recipients.wish_of(offer)):
        return []
    return sending.write([_draft(offer, Kind.OFFER_GONE, asked.recipient)])


def _draft(offer: Offer, kind: Notification.Kind, number: str) -> Notification:
    return Notification(
        company=offer.company,
        offer=offer,
        customer=offer.customer,
        kind=kind,
        channel=Notification.Channel.SMS,
        recipient=number,
        language=(offer.customer or offer.company).language,
    )
