"""The app's rows: messages, companies' own texts for them, and which numbers want none."""

from notifications.models.message_template import MessageTemplate
from notifications.models.notification import Notification, because, ended
from notifications.models.opt_out import OptOut
from notifications.models.report import Report
from notifications.models.variable import Variable

__all__ = ["MessageTemplate", "Notification", "OptOut", "Report", "Variable", "because", "ended"]
