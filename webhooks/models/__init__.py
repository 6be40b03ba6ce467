"""What the vendors told us, where they tell it, and what was refused at the door. Every app may import it."""

from webhooks.models.address import WebhookAddress, WebhookSecret
from webhooks.models.event import WebhookEvent
from webhooks.models.provider import Provider
from webhooks.models.refused import RefusedWebhook

__all__ = ["Provider", "RefusedWebhook", "WebhookAddress", "WebhookEvent", "WebhookSecret"]
