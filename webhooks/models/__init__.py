"""The vendors' events, the addresses they come to, counts of refused requests, and how far Retell's calls were read.
Every app may import it.
"""

from webhooks.models.address import WebhookAddress, WebhookSecret
from webhooks.models.event import WebhookEvent
from webhooks.models.provider import Provider
from webhooks.models.reading import EarlierCall, RetellReading
from webhooks.models.refused import RefusedWebhook

__all__ = [
    "EarlierCall",
    "Provider",
    "RefusedWebhook",
    "RetellReading",
    "WebhookAddress",
    "WebhookEvent",
    "WebhookSecret",
]
