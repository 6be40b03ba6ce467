"""Works on Twilio's reports about our messages, one stored callback each."""

from contextlib import suppress
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qs
from uuid import UUID

from django.utils import timezone

from askpro.queues.errors import Release
from notifications.delivery import outcome
from notifications.models import Notification
from notifications.twilio.event import TwilioEvent
from webhooks.models import WebhookEvent

# A report can come before the commit of its sid; if the sid is unknown after this long, it is not ours.
SID_UNKNOWN_FOR: Final = timedelta(seconds=60)
ASK_AGAIN_AFTER: Final = 5.0


def receive(event: WebhookEvent, told: TwilioEvent) -> None:
    """Apply what `event` tells. Raises `Release` while the message it is about may still become known."""
    if not told.sid:
        event.mark_invalid("MessageSid")
        return
    notification = _find(event.query, told.sid)
    if notification is None:
        if timezone.now() - event.received_at < SID_UNKNOWN_FOR:
            raise Release(ASK_AGAIN_AFTER, "the message is not known yet")
        event.mark_ignored("No message of ours has this sid.")
        return
    if why_not := event.objection(notification.company_id):
        event.refuse(why_not)
        return
    if not notification.recipient:
        event.mark_ignored(event.ERASED, notification.company)
        event.delete_body()
        return
    report = outcome.Report(told.sid, told.status, told.error_code)
    if why_not := outcome.apply(report, notification):
        event.mark_ignored(why_not, notification.company)
    else:
        event.mark_processed(notification.company)


def _find(query: str, sid: str) -> Notification | None:
    """Find and lock the message: by the reference that we put into the callback's URL, else by sid."""
    reference = _reference(query)
    for key in ({"reference": reference}, {"provider_id": sid}):
        with suppress(Notification.DoesNotExist):
            return outcome.locked(**key)
    return None


def _reference(query: str) -> UUID | None:
    try:
        return UUID(parse_qs(query).get("ref", [""])[0])
    except ValueError:
        return None
