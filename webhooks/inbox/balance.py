"""Whether every stored event was worked on, or still is."""

from typing import Final

from django.db.models import QuerySet

from askpro import sweeping
from askpro.commands.balance import Span, rule
from webhooks.inbox.jobs import actor_names
from webhooks.models import WebhookEvent


@rule(
    "event",
    expected="a job that works on it",
    found="it is received, and there is none",
    advice="queues_run sends the job within two minutes; if it stays, look at the event in the console",
)
def a_received_event_has_its_job(span: Span) -> QuerySet[WebhookEvent]:
    received = span.of(WebhookEvent.objects.filter(status=WebhookEvent.Status.RECEIVED), "received_at")
    return sweeping.without_job(received, sweeping.tag("event"), actor_names())


@rule(
    "event",
    expected="worked on",
    found="its job gave up: {row.reason}",
    advice="correct what the reason says, then replay_webhooks --id {row.pk}",
)
def no_event_has_failed(span: Span) -> QuerySet[WebhookEvent]:
    return span.of(WebhookEvent.objects.filter(status=WebhookEvent.Status.FAILED), "received_at")


RULES: Final = (a_received_event_has_its_job, no_event_has_failed)
