"""Which channels there are, and which of them are told what."""

from collections.abc import Iterator

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from askpro.watch.conditions.base import Severity
from askpro.watch.models import Notice

Kind = Notice.Kind


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    SLACK = "slack", "Slack"
    SMS = "sms", "SMS"
    # Mail to those who are told when nobody acknowledges.
    ESCALATION = "escalation", _("E-mail of the escalation")


# What is worth an SMS.
_BY_SMS = (Kind.BEGAN, Kind.ESCALATED, Kind.OVER, Kind.TEST)


def wanted(kind: Kind, severity: Severity) -> Iterator[tuple[str, int]]:
    """The channels for such a notice, with the place of the recipient."""
    for channel in configured():
        if channel == Channel.ESCALATION and kind not in (Kind.ESCALATED, Kind.TEST):
            continue
        if channel == Channel.SMS and (severity != Severity.CRITICAL or kind not in _BY_SMS):
            continue
        for place in range(len(settings.ALERT_SMS_TO) if channel == Channel.SMS else 1):
            yield channel, place


def configured() -> list[Channel]:
    """The channels that the settings name a recipient for."""
    recipients = {
        Channel.EMAIL: settings.ALERT_EMAILS,
        Channel.SLACK: settings.ALERT_SLACK_URL,
        Channel.SMS: settings.ALERT_SMS_TO,
        Channel.ESCALATION: settings.ALERT_ESCALATION_EMAILS,
    }
    return [channel for channel, whom in recipients.items() if whom]
