"""The console's pages of webhooks."""

from webhooks.admin.address import WebhookAddressAdmin
from webhooks.admin.event import RefusedWebhookAdmin, WebhookEventAdmin

__all__ = ["RefusedWebhookAdmin", "WebhookAddressAdmin", "WebhookEventAdmin"]
