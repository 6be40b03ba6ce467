"""Finds SMS senders that Twilio would refuse, before it does."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import ProgrammingError

from calls.models import Company
from notifications import senders


@register(Tags.compatibility)
def check_sender(**_: Any) -> list[CheckMessage]:
    """The installation's messaging service id has the right form."""
    service = settings.TWILIO_MESSAGING_SERVICE_SID
    if not service or senders.is_service(service):
        return []
    hint = "Copy the Messaging Service SID from Twilio's console: MG and 32 hex digits."
    return [Error("TWILIO_MESSAGING_SERVICE_SID is not a messaging service.", hint=hint, id="notifications.E001")]


@register(Tags.database)
def check_senders(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """Each company's sender has the right form; earlier releases stored senders unchecked."""
    if not databases or "default" not in databases:
        return []
    try:
        rows = list(Company.objects.exclude(sms_sender="").order_by("pk").values_list("pk", "sms_sender"))
    except ProgrammingError:
        return []  # nothing is migrated yet
    return [
        Warning(
            f"Company {pk}: no SMS can be sent from {sender!r}.",
            hint=f"Correct its SMS sender in the console. {senders.HELP}",
            id="notifications.W001",
        )
        for pk, sender in rows
        if not senders.is_valid(sender)
    ]
