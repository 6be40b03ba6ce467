"""What follows here from changes elsewhere."""

from typing import Any

from django.db.models.signals import post_save
from dramatiq import Message

from askpro.queues.jobs.on_signal import sends_on
from calls.models import PhoneNumber
from webhooks.models import Provider, WebhookEvent
from webhooks.tasks import replay_unassigned


@sends_on(post_save, sender=PhoneNumber)
def replay_when_assigned(instance: PhoneNumber, **_: Any) -> Message[Any] | None:
    """A number that somebody has mapped to a company takes up the calls that nobody could place before."""
    unplaced = WebhookEvent.objects.filter(status=WebhookEvent.Status.UNASSIGNED, provider=Provider.RETELL)
    if instance.is_active and unplaced.exists():
        return replay_unassigned.message(number_id=instance.pk)
    return None
