"""The app's rows: messages, and which numbers want none."""

from notifications.models.notification import Notification, because, ended
from notifications.models.opt_out import OptOut

__all__ = ["Notification", "OptOut", "because", "ended"]
