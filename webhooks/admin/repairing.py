"""Webhook events as something to repair: found by what they have in common, and worked on again."""

from collections.abc import Iterable
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from askpro.console import display
from askpro.console.permissions import May
from askpro.console.repair.counting import names_of
from askpro.console.repair.kinds import Already, Facet, Outcome, Repairable, Text, Verb, register
from askpro.console.repair.settled import Settled
from askpro.console.repair.settled import register as tell_settled
from askpro.language import event_words
from calls.models import Company
from webhooks.admin.event import AGAIN, subject_of
from webhooks.inbox.replay import replay_one
from webhooks.models import Provider, WebhookEvent

Status = WebhookEvent.Status
# Their job has not ended, or has ended well.
OVER: Final = (Status.PROCESSED, Status.IGNORED)


def _outcome(key: str) -> Outcome:
    event = WebhookEvent.objects.filter(pk=key).only("status", "reason").first()
    if event is None:
        return Outcome(is_over=True, why="gone")
    is_over = event.status != Status.RECEIVED
    return Outcome(is_over=is_over, is_well=event.status in OVER, why=event.reason or event.status)


NO_BODY: Final = Already("no_body", _("What was sent was deleted."), lambda asked: Q(body=b""))
REPLAY: Final = Verb(
    name="replay",
    label=_("Replay"),
    icon="replay",
    explain=_("Each stored event is worked on again, by the same job. What was done already is not done twice."),
    done="replayed",
    permission=May.REPLAY,
    possible=Q(status__in=WebhookEvent.UNFINISHED),
    run=lambda event, asked: replay_one(event),
    otherwise=_("It waits for its job."),
    already=(
        Already("processed", _("It was processed."), lambda asked: Q(status=Status.PROCESSED)),
        Already(
            "conflict",
            _("Another body was sent under the same key before: a person has to compare the two."),
            lambda asked: Q(status=Status.CONFLICT),
        ),
        NO_BODY,
    ),
    outcome=_outcome,
)


REPLAY_ANYWAY: Final = Verb(
    name="replay-anyway",
    label=_("Replay although done"),
    icon="warning",
    explain=_(
        "Each was processed before, or says something else than an earlier one of the same key. It is worked on again,"
        " and its content counts. What was done already is not done twice."
    ),
    done="replayed",
    permission=May.REPLAY,
    possible=Q(status__in=AGAIN),
    run=lambda event, asked: replay_one(event, force=True),
    otherwise=_("It waits for its job, or was not processed: “Replay” takes it."),
    already=(NO_BODY,),
    outcome=_outcome,
    forces=True,
)


def _reasons(values: Iterable[str]) -> dict[str, str]:
    return {each: event_words.told(each) for each in values if each}


class EventKind(Repairable):
    """Stored events that were not processed; those that were, only where the filter asks for them."""

    name = "events"
    title = _("Webhook events")
    noun = _("events")
    permission = "webhooks.view_webhookevent"
    model = WebhookEvent
    moment = "received_at"
    moment_label = _("Received")
    facets = (
        Facet("state", _("State"), "status", lambda values: dict(Status.choices)),
        Facet("vendor", _("Vendor"), "provider", lambda values: dict(Provider.choices)),
        Facet("type", _("Type"), "event_type"),
        Facet("company", _("Company"), "company_id", names_of(Company), is_number=True),
        Facet("reason", _("Reason"), "reason", _reasons),
    )
    texts = (Text("about", _("About"), _("an id or uid"), lambda text: Q(subject=text)),)
    verbs = (REPLAY, REPLAY_ANYWAY)
    heads = (_("Event"), _("State"), _("About"), _("Company"), _("Reason"), _("Received"))
    empty = _("No event matches.")

    def rows(self) -> QuerySet[WebhookEvent]:
        return WebhookEvent.objects.select_related("company").defer("body", "headers", "company__calcom_api_key")

    def cells(self, event: WebhookEvent) -> list[Any]:
        return [
            self.named(event),
            display.state(event),
            display.shorten(subject_of(event), 18),
            event.company or display.NOTHING,
            display.shorten(event_words.told(event.reason), 60),
            display.brief(event.received_at),
        ]

    def named(self, event: WebhookEvent) -> Any:
        return display.link(event, f"{event.get_provider_display()} {event.event_type}")


register(EventKind())
tell_settled(
    Settled(
        code="event_processed",
        sentence=_("Its event was processed since."),
        argument="event_id",
        model=WebhookEvent,
        condition=lambda: Q(status__in=OVER),
    )
)
