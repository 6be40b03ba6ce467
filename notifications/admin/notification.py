"""Messages to customers and staff."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, pgettext, pgettext_lazy
from django.utils.translation import gettext as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from askpro.console import display
from askpro.console.export import columns
from askpro.console.filters import CompanyFilter, period
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.scope import Scope, may_see
from askpro.console.subjects import jobs_about
from askpro.console.table import Table, job_table
from askpro.console.term import Term
from notifications.models import Notification
from webhooks.models import WebhookEvent


@admin.register(Notification)
class NotificationAdmin(ReadOnlyModelAdmin):
    company_path = "company"
    list_display = ("what", "progress", "to", "company", "created", "sent", "why")
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("channel", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        CompanyFilter,
        period("created_at", gettext_lazy("period")),
    )
    list_select_related = ("company",)
    page_related = ("company", "customer", "call", "appointment", "follow_up__company")
    list_defer = ("text",)
    search_help_text = gettext_lazy("Phone number, e-mail or message sid")
    empty_text = gettext_lazy("A booked appointment sends the first one. To see it, run: python3 manage.py demo_call")
    detail_template = "console/notification.html"
    exported = columns(
        *("id", "kind", "channel", "status", "reason", "recipient", "created_at", "sent_at", "delivered_at"),
        *("attempts", "provider_id", "provider_status", "error_code", "segments", "price", "currency"),
        company=lambda message: message.company.name,
    )

    def find(self, rows: QuerySet[Notification], term: Term) -> QuerySet[Notification]:
        meant = Q(provider_id=term.text)
        if term.means_people:
            meant |= Q(recipient=term.text)
        if term.number is not None:
            meant |= Q(pk=term.number)
        if term.is_number:
            meant |= term.numbers("recipient")
        if term.uuid:
            meant |= Q(reference=term.uuid)
        return rows.filter(meant)

    @admin.display(description=gettext_lazy("Message"))
    def what(self, message: Notification) -> str:
        return str(message)

    @admin.display(description=pgettext_lazy("recipient", "To"))
    def to(self, message: Notification) -> SafeString | str:
        return recipient_of(message)

    @admin.display(description=gettext_lazy("State"))
    def progress(self, message: Notification) -> SafeString:
        return display.state(message)

    @admin.display(description=gettext_lazy("Reason"))
    def why(self, message: Notification) -> SafeString | str:
        return display.shorten(message.why(get_language() or ""), 32)

    @admin.display(description=gettext_lazy("Written"))
    def created(self, message: Notification) -> SafeString | str:
        return display.minute(message.created_at)

    @admin.display(description=gettext_lazy("Sent"))
    def sent(self, message: Notification) -> SafeString | str:
        return display.minute(message.sent_at)

    def detail(self, request: HttpRequest, message: Notification) -> dict[str, Any]:
        return {
            "state": display.state(message),
            "lead": ": ".join(filter(None, [message.get_status_display(), message.why(get_language() or "")])),
            "facts": _facts(message),
            "tables": [job_table(request.user, jobs_about([message])), *_reports(message, request.user)],
            "text": message.text,
        }


def recipient_of(message: Notification) -> SafeString | str:
    if message.channel == Notification.Channel.SMS:
        return display.phone(message.recipient)
    return message.recipient or display.NOTHING


def _facts(message: Notification) -> list[tuple[str, Any]]:
    return [
        (pgettext("recipient", "To"), recipient_of(message)),
        (_("Customer"), display.link(message.customer)),
        (_("Appointment"), display.link(message.appointment)),
        (_("Follow-up"), display.link(message.follow_up)),
        (_("Call"), display.link(message.call)),
        (_("Company"), display.link(message.company)),
        (_("Version"), message.version),
        (_("Language"), message.get_language_display()),
        (_("Written"), display.moment(message.created_at)),
        (_("Given to the provider"), display.moment(message.sending_at)),
        (_("Accepted"), display.moment(message.sent_at)),
        (_("Delivered"), display.moment(message.delivered_at)),
        (_("Attempts"), message.attempts),
        (_("Provider's id"), message.provider_id),
        (_("Provider says"), " ".join(filter(None, [message.provider_status, message.error_code]))),
        (_("Reference"), message.reference),
    ]


def _reports(message: Notification, user: Any) -> list[Table]:
    if not message.provider_id or not may_see(user, WebhookEvent):
        return []
    about = Scope.of(user).rows(WebhookEvent.about(message.company_id, [message.provider_id]))
    events = about.defer("body").order_by("-id")[:50]
    rows = [[display.link(row, row.event_type), display.state(row), display.moment(row.received_at)] for row in events]
    return [Table(_("What the provider reported"), [_("Event"), _("State"), _("Received")], rows, _("Nothing yet."))]
