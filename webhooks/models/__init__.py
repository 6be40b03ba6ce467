"""The vendors' events, the addresses they come to, counts of what came in and what was refused, and how far Retell's
calls were read. Every app may import it.
"""

from webhooks.models.address import WebhookAddress, WebhookSecret
from webhooks.models.arrivals import Arrivals
from webhooks.models.event import WebhookEvent
from webhooks.models.provider import Provider
from webhooks.models.reading import EarlierCall, RetellReading
from webhooks.models.refused import RefusedWebhook

__all__ = [
    "Arrivals",
    "EarlierCall",
    "Provider",
    "RefusedWebhook",
    "RetellReading",
    "WebhookAddress",
    "WebhookEvent",
    "WebhookSecret",
]
