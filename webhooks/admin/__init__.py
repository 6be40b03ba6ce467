"""The console's pages of webhooks."""

from webhooks.admin import repairing, waiting
from webhooks.admin.address import WebhookAddressAdmin
from webhooks.admin.event import RefusedWebhookAdmin, WebhookEventAdmin
from webhooks.admin.reading import RetellReadingAdmin

__all__ = [
    "RefusedWebhookAdmin",
    "RetellReadingAdmin",
    "WebhookAddressAdmin",
    "WebhookEventAdmin",
    "repairing",
    "waiting",
]
