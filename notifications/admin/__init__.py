"""The console's pages about messages."""

from notifications.admin.notification import NotificationAdmin

__all__ = ["NotificationAdmin"]
