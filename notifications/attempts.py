"""How long one attempt to send may last, and when its outcome can be judged."""

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from askpro.queues.errors import Release
from askpro.queues.units import S
from notifications.models import Notification

# The engine ends a run after this long, and kills its process if that does not help.
TIME_LIMIT_MS: Final = 30 * S
# So a message that was handed over longer ago has reached the provider by now, or never will.
JUDGED_AFTER: Final = timedelta(milliseconds=TIME_LIMIT_MS + 5 * S)


def wait_for_earlier_attempt(notification: Notification) -> datetime:
    """When the attempt began whose outcome is unknown. Raises `Release` while its request may still be on its way."""
    began_at = notification.sending_at or notification.created_at
    age = timezone.now() - began_at
    if age < JUDGED_AFTER:
        raise Release((JUDGED_AFTER - age).total_seconds(), "an earlier attempt may still be on its way")
    return began_at
