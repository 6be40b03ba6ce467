"""What this app does when rows change."""

from typing import Any

from django.dispatch import receiver

from notifications.delivery import untold
from notifications.models import Notification, ended


@receiver(ended)
def judge(notification: Notification, **_: Any) -> None:
    """A message to a customer has ended: it may have been the last one that could tell them."""
    if notification.appointment_id is not None:
        untold.judge(notification.appointment_id, notification.kind)
