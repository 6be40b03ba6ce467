"""What follows here from changes of rows."""

from typing import Any

from django.dispatch import receiver

from notifications.delivery import untold
from notifications.models import Notification, ended


@receiver(ended)
def judge(notification: Notification, **_: Any) -> None:
    """A message to a customer that reached its end may have been the last that could tell them."""
    if notification.appointment_id is not None:
        untold.judge(notification.appointment_id, notification.kind)
