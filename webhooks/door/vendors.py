"""All vendors, by provider."""

from typing import Any

from askpro.queues import LedgerActor
from webhooks.door.calcom import Calcom
from webhooks.door.retell import Retell
from webhooks.door.twilio import Twilio
from webhooks.door.vendor import Vendor
from webhooks.models import Provider, WebhookEvent

VENDORS: dict[str, Vendor] = {
    Provider.RETELL: Retell(),
    Provider.CALCOM: Calcom(),
    Provider.TWILIO: Twilio(),
}


def job_of(event: WebhookEvent) -> LedgerActor[Any, Any] | None:
    """The job that works on a stored event; None when its type has none."""
    return VENDORS[event.provider].job(event.event_type)
