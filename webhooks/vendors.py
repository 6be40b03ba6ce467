"""All vendors, by provider."""

from typing import Any

from askpro.queues import LedgerActor
from webhooks.calcom import Calcom
from webhooks.models import Provider, WebhookEvent
from webhooks.retell import Retell
from webhooks.twilio import Twilio
from webhooks.vendor import Vendor

VENDORS: dict[str, Vendor] = {
    Provider.RETELL: Retell(),
    Provider.CALCOM: Calcom(),
    Provider.TWILIO: Twilio(),
}


def job_of(event: WebhookEvent) -> LedgerActor[Any, Any] | None:
    """The job that works on a stored event; None when its type has none."""
    return VENDORS[event.provider].job(event.event_type)
