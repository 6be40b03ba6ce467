"""What this app does when rows change."""

from typing import Any

from django.dispatch import receiver

from appointments.models import Question
from notifications.delivery import untold
from notifications.models import Notification, ended


@receiver(ended)
def judge(notification: Notification, **_: Any) -> None:
    """A message to a customer has ended: it may have been the last one that could tell them."""
    # What nobody has read asks nothing. The row is asked: `notification` still has its state before.
    Question.withdraw(notification=notification, notification__status__in=Notification.REACHES_NOBODY)
    if notification.appointment_id is not None:
        untold.judge(notification.appointment_id, notification.kind)
