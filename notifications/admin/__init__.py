"""The console's pages about messages."""

from notifications.admin import repairing
from notifications.admin.message_template import MessageTemplateAdmin
from notifications.admin.notification import NotificationAdmin

__all__ = ["MessageTemplateAdmin", "NotificationAdmin", "repairing"]
