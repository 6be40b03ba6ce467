"""Events from the vendors, the addresses they come to, and counts of refused requests. Every app may import it."""

from webhooks.models.address import WebhookAddress, WebhookSecret
from webhooks.models.event import WebhookEvent
from webhooks.models.provider import Provider
from webhooks.models.refused import RefusedWebhook

__all__ = ["Provider", "RefusedWebhook", "WebhookAddress", "WebhookEvent", "WebhookSecret"]
