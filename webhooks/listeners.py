"""Jobs that this app sends when other code changes a row."""

from typing import Any

from django.db.models.signals import post_save
from dramatiq import Message

from askpro.queues.jobs.on_signal import sends_on
from calls.models import PhoneNumber
from webhooks.models import Provider, WebhookEvent
from webhooks.tasks import replay_unassigned


@sends_on(post_save, sender=PhoneNumber)
def replay_when_assigned(instance: PhoneNumber, **_: Any) -> Message[Any] | None:
    """When a number gets a company, replay the calls to it that belonged to no company before."""
    unplaced = WebhookEvent.objects.filter(status=WebhookEvent.Status.UNASSIGNED, provider=Provider.RETELL)
    if instance.is_active and unplaced.exists():
        return replay_unassigned.message(number_id=instance.pk)
    return None
