"""The events that came in, and the requests that were refused."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from askpro.console import display, payload
from askpro.console.acts import Act
from askpro.console.dry_run.page import DryRunMixin
from askpro.console.filters import CompanyFilter, period
from askpro.console.membership import IsIn
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.permissions import May
from askpro.console.scope import Scope
from askpro.console.subjects import jobs_about
from askpro.console.table import Table, job_table
from askpro.console.term import Term
from askpro.language import event_words
from askpro.language.text import Text
from calls.models import Call
from webhooks.admin.copying import CurlMixin
from webhooks.admin.trying import EVENT
from webhooks.inbox.replay import replay_one
from webhooks.models import Provider, RefusedWebhook, WebhookAddress, WebhookEvent

UNASSIGNED: dict[str, Text] = {
    Provider.RETELL: gettext_lazy(
        "No company has this number. Add it under “Phone numbers”; this event is then processed by itself."
    ),
    Provider.CALCOM: gettext_lazy(
        "No company has this event type. Sync the company's event types, then replay this event."
    ),
    Provider.TWILIO: gettext_lazy(
        "No company sends from this number. Enter it as the company's SMS sender, then replay this event."
    ),
}
AGAIN = (WebhookEvent.Status.PROCESSED, WebhookEvent.Status.CONFLICT)


@admin.register(WebhookEvent)
class WebhookEventAdmin(CurlMixin, DryRunMixin, ReadOnlyModelAdmin):
    company_path = "company"
    list_display = ("kind", "progress", "about", "company", "received", "again", "why")
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("provider", ChoicesDropdownFilter),
        CompanyFilter,
        period("received_at", gettext_lazy("period")),
    )
    list_select_related = ("company",)
    page_related = ("company", "address__company")
    list_defer = ("body", "headers")
    search_help_text = gettext_lazy("Event id, call id, booking uid, message sid or correlation id")
    empty_text = gettext_lazy(
        "Events appear here when a vendor sends its first webhook. Or run: python3 manage.py demo_call"
    )
    detail_template = "console/event.html"
    dry_run = EVENT
    acts = (
        Act(
            name="replay",
            permissions=(May.REPLAY,),
            label=gettext_lazy("Replay"),
            icon="replay",
            explain=gettext_lazy(
                "The stored event is processed again by the same job. What has already been done is not done twice."
            ),
            done=gettext_lazy("replayed"),
            note=gettext_lazy("Why?"),
            possible=lambda event: event.status in WebhookEvent.UNFINISHED and event.has_body,
            run=lambda event, user, note: replay_one(event),
        ),
        Act(
            name="replay-anyway",
            permissions=(May.REPLAY, May.FORCE),
            label=gettext_lazy("Replay anyway"),
            icon="replay",
            explain=gettext_lazy(
                "The event was processed before, or conflicts with an earlier one of the same key. It is processed "
                "again, and its content counts. What has already been done is not done twice."
            ),
            done=gettext_lazy("replayed"),
            note=gettext_lazy("Why?"),
            note_required=True,
            possible=lambda event: event.status in AGAIN and event.has_body,
            run=lambda event, user, note: replay_one(event, force=True),
        ),
    )

    def named(self, event: WebhookEvent) -> str:
        return f"{event.get_provider_display()} {event.event_type} {subject_of(event)}"

    def find(self, rows: QuerySet[WebhookEvent], term: Term) -> QuerySet[WebhookEvent]:
        meant = Q(subject=term.text) | _keyed(term.text)
        if term.number is not None:
            meant |= Q(pk=term.number)
        if term.uuid:
            meant |= Q(correlation_id=term.uuid)
        return rows.filter(meant)

    @admin.display(description=gettext_lazy("Event"))
    def kind(self, event: WebhookEvent) -> str:
        return f"{event.get_provider_display()} {event.event_type}"

    @admin.display(description=gettext_lazy("Concerns"))
    def about(self, event: WebhookEvent) -> SafeString | str:
        return display.shorten(subject_of(event), 18)

    @admin.display(description=gettext_lazy("State"))
    def progress(self, event: WebhookEvent) -> SafeString:
        return display.state(event)

    @admin.display(description=gettext_lazy("Reason"))
    def why(self, event: WebhookEvent) -> SafeString | str:
        return display.shorten(event_words.told(event.reason), 32)

    @admin.display(description=gettext_lazy("Received"))
    def received(self, event: WebhookEvent) -> SafeString | str:
        return display.minute(event.received_at)

    @admin.display(description=gettext_lazy("Repeats"))
    def again(self, event: WebhookEvent) -> str:
        return str(event.duplicates or "")

    def detail(self, request: HttpRequest, event: WebhookEvent) -> dict[str, Any]:
        return {
            "headline": f"{event.get_provider_display()} {event.event_type}",
            "state": display.state(event),
            "lead": event.get_status_display() + (f": {event_words.told(event.reason)}" if event.reason else ""),
            "notes": _notes(event),
            "facts": _facts(event, request),
            "tables": [
                job_table(request.user, jobs_about([event]), _("No job was sent for it.")),
                *_conflicts(event, Scope.of(request.user)),
            ],
            "body": payload.readable(bytes(event.body), event.content_type),
            "size": len(event.body),
            "headers": payload.pretty(event.headers),
        }


@admin.register(RefusedWebhook)
class RefusedWebhookAdmin(ReadOnlyModelAdmin):
    list_display = ("hour_of", "provider", "why", "address_prefix", "count")
    list_filter = (
        ("provider", ChoicesDropdownFilter),
        ("reason", ChoicesDropdownFilter),
        period("hour", gettext_lazy("period")),
    )
    sortable_by = ("hour_of", "count")
    search_help_text = gettext_lazy("Address, such as 203.0.113")
    empty_text = gettext_lazy("Nothing was refused. Requests with a missing or wrong signature are counted here.")

    def find(self, rows: QuerySet[RefusedWebhook], term: Term) -> QuerySet[RefusedWebhook]:
        return rows.filter(address_prefix__startswith=term.text)

    @admin.display(description=gettext_lazy("Hour"), ordering="hour")
    def hour_of(self, refused: RefusedWebhook) -> SafeString | str:
        return display.minute(refused.hour)

    @admin.display(description=gettext_lazy("Reason"))
    def why(self, refused: RefusedWebhook) -> str:
        return str(refused.get_reason_display())

    def detail(self, request: HttpRequest, refused: RefusedWebhook) -> dict[str, Any]:
        return {
            "headline": f"{refused.get_provider_display()}: {refused.get_reason_display()}",
            "facts": [
                (_("Hour"), display.minute(refused.hour)),
                (_("Address"), refused.address_prefix),
                (_("Requests"), refused.count),
            ],
        }


def subject_of(event: WebhookEvent) -> str:
    """What the event is about. A booking uid lets anyone cancel without a log-in, so only its beginning is shown."""
    if event.provider == "calcom" and len(event.subject) > 8:
        return f"{event.subject[:8]}…"
    return event.subject


def _keyed(key: str) -> Q:
    """The events with this key. The indexes are of those with an address of a company's own, and of those without."""
    shared = Q(address__isnull=True, provider__in=Provider.values)
    own = Q(IsIn("address_id", WebhookAddress.objects.order_by().values("pk")), address__isnull=False)
    return Q(event_key=key) & (shared | own)


def _facts(event: WebhookEvent, request: HttpRequest) -> list[tuple[str, Any]]:
    calls = Scope.of(request.user).rows(Call.objects.filter(retell_call_id=event.subject, company=event.company_id))
    call = calls.first() if event.subject and request.user.has_perm("calls.view_call") else None
    return [
        (_("Concerns"), display.link(call) if call else subject_of(event)),
        (_("Company"), display.link(event.company)),
        (_("Came in at"), display.link(event.address) if event.address else _("the shared address")),
        (_("Received"), display.moment(event.received_at)),
        (_("Happened"), display.moment(event.occurred_at)),
        (_("Processed"), display.moment(event.processed_at)),
        (_("Sent again"), _times(event.duplicates)),
        (_("Last sent again"), display.moment(event.last_duplicate_at)),
        (_("Replayed"), _times(event.replays)),
        (_("Content type"), event.content_type),
        (_("Query"), event.query),
        ("SHA-256", event.body_sha256),
        (_("Secret"), event.verified_by),
        (_("Correlation id"), event.correlation_id),
        (_("Event id"), event.pk),
    ]


def _times(count: int) -> str:
    return ngettext("once", "%(count)s times", count) % {"count": count} if count else _("never")


def _notes(event: WebhookEvent) -> list[tuple[str, str]]:
    if not event.has_body:
        return [("info", _("The content was deleted, because its time was over or on request. The key stays."))]
    if event.fetched:
        return [("info", _("Its webhook did not arrive. AskPro asked for it.")), *_trouble(event)]
    return _trouble(event)


def _trouble(event: WebhookEvent) -> list[tuple[str, str]]:
    if event.status == WebhookEvent.Status.UNASSIGNED:
        return [("warning", str(UNASSIGNED[event.provider]))]
    if event.status == WebhookEvent.Status.FAILED:
        return [
            ("danger", _("Its job gave up. Open the job below to see why. Replay the event when the cause is gone."))
        ]
    if event.status == WebhookEvent.Status.CONFLICT:
        return [("danger", _("Other content was sent under the same key before. Compare the two before replaying."))]
    return []


def _conflicts(event: WebhookEvent, scope: Scope) -> list[Table]:
    same_key = Q(conflict_of=event) | Q(pk=event.conflict_of_id)
    others = list(scope.rows(WebhookEvent.objects.filter(same_key)).defer("body"))
    if not others:
        return []
    rows = [[display.link(row), display.state(row), display.moment(row.received_at), row.body_sha256] for row in others]
    return [Table(_("Same key, other content"), [_("Event"), _("State"), _("Received"), "SHA-256"], rows)]
