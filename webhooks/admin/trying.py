"""An event's replay as something to try."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from askpro.console.dry_run.kinds import Kind, register
from askpro.console.permissions import May
from askpro.queues.jobs.rehearsing import Rehearsed, rehearse
from askpro.queues.ledger.correlation import correlated
from webhooks.inbox.jobs import job_of
from webhooks.models import WebhookEvent


def _possible(event: WebhookEvent) -> bool:
    return event.has_body and event.status != WebhookEvent.Status.RECEIVED and job_of(event) is not None


def _run(event: WebhookEvent) -> Rehearsed:
    """What a replay does, forced where it would have to be: nothing of it stays."""
    event.mark_replayed(force=True)
    job: Any = job_of(event)
    with correlated(str(event.correlation_id)):
        return rehearse(job, kwargs={"event_id": event.pk})


EVENT: Final = register(
    Kind(
        name="event",
        model=WebhookEvent,
        permission=May.REPLAY,
        explain=_("The stored event is processed once by its job, as a replay would do it, with the current code."),
        possible=_possible,
        run=_run,
    )
)
