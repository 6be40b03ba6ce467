"""SMS straight over Twilio's API, past the gates and the queues."""

from urllib.parse import quote

from django.conf import settings

from askpro.watch.channels import web
from askpro.watch.channels.errors import Refused
from askpro.watch.models import Notice


def send(notice: Notice, place: int) -> None:
    """To the recipient at this place of ALERT_SMS_TO. Raises `ChannelError`."""
    if not settings.TWILIO_ACCOUNT_SID or not settings.TWILIO_AUTH_TOKENS:
        raise Refused("TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKENS are not set")
    if place >= len(settings.ALERT_SMS_TO):
        raise Refused("ALERT_SMS_TO no longer has this recipient")
    account = quote(settings.TWILIO_ACCOUNT_SID, safe="")
    web.post(
        f"{settings.TWILIO_BASE_URL}/2010-04-01/Accounts/{account}/Messages.json",
        data={"To": settings.ALERT_SMS_TO[place], "Body": notice.short, **_sender()},
        auth=(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKENS[0]),
    )


def _sender() -> dict[str, str]:
    if settings.ALERT_SMS_FROM:
        return {"From": settings.ALERT_SMS_FROM}
    return {"MessagingServiceSid": settings.TWILIO_MESSAGING_SERVICE_SID}
