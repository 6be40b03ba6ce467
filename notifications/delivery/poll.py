"""Asks Twilio about messages without a report, since it tries each callback only a few times, or without a price."""

from django.db import transaction

from askpro.queues.errors import Gone
from notifications.delivery import outcome
from notifications.models import Notification
from notifications.twilio import client as twilio
from notifications.twilio.errors import NOT_FOUND


def check(notification_id: int) -> None:
    """Ask about one SMS and write the answer, and what it is charged as.

    If Twilio does not have the message, its row stays as it is.
    """
    notification = Notification.objects.filter(pk=notification_id).first()
    if notification is None:
        raise Gone("The notification no longer exists.")
    is_asked_about = notification.status == Notification.Status.SENT or notification.price is None
    if not is_asked_about or not notification.provider_id:
        return
    try:
        message = twilio.for_company(notification.company_id).get(notification.provider_id)
    except twilio.Refused as refused:
        if refused.code == NOT_FOUND:
            return
        raise
    with transaction.atomic():
        report = outcome.Report(message.sid, message.status, message.error_code)
        locked = outcome.locked(pk=notification_id)
        outcome.apply(report, locked)
        if locked.provider_id == message.sid:
            locked.note_charge(message.segments, message.price, message.currency)
