"""Sends one delivery over its channel."""

from django.conf import settings

from askpro.watch.channels import email, slack, sms
from askpro.watch.channels.errors import Refused
from askpro.watch.channels.names import Channel
from askpro.watch.models import Delivery


def send(delivery: Delivery) -> None:
    """Raises `ChannelError`, also where the settings no longer have the channel."""
    notice = delivery.notice
    if delivery.channel == Channel.SLACK and settings.ALERT_SLACK_URL:
        slack.send(notice)
    elif delivery.channel == Channel.SMS:
        sms.send(notice, delivery.place)
    elif delivery.channel == Channel.EMAIL and settings.ALERT_EMAILS:
        email.send(notice, settings.ALERT_EMAILS)
    elif delivery.channel == Channel.ESCALATION and settings.ALERT_ESCALATION_EMAILS:
        email.send(notice, settings.ALERT_ESCALATION_EMAILS)
    else:
        raise Refused("the settings no longer have this channel")
