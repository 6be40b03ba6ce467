"""Dead jobs whose rows are gone: what is still told of them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from askpro.console import display
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.table import Table
from askpro.console.term import Term
from askpro.queues.models import ArchivedJob


@admin.register(ArchivedJob)
class ArchivedJobAdmin(ReadOnlyModelAdmin):
    list_display = ("actor", "queue_name", "about", "sent", "died", "why")
    list_defer = ("story",)
    sortable_by = ()
    search_help_text = _("Job id, or a tag such as call:17")
    empty_text = _("No dead job is older than RETENTION keeps them.")

    def find(self, rows: QuerySet[ArchivedJob], term: Term) -> QuerySet[ArchivedJob]:
        if term.uuid:
            return rows.filter(pk=term.uuid)
        # The index leaves out jobs without tags, and PostgreSQL only takes it for a query that says so too.
        return rows.exclude(tags=[]).filter(tags__contains=[term.text])

    @admin.display(description=_("Job"))
    def actor(self, row: ArchivedJob) -> str:
        return row.actor_name

    @admin.display(description=_("About"))
    def about(self, row: ArchivedJob) -> SafeString | str:
        return display.shorten(", ".join(row.tags), 40)

    @admin.display(description=_("Sent"))
    def sent(self, row: ArchivedJob) -> SafeString | str:
        return display.moment(row.created_at)

    @admin.display(description=_("Died"))
    def died(self, row: ArchivedJob) -> SafeString | str:
        return display.moment(row.finished_at)

    @admin.display(description=_("Of what"))
    def why(self, row: ArchivedJob) -> SafeString | str:
        return display.error_class(row.error_class)

    def detail(self, request: HttpRequest, row: ArchivedJob) -> dict[str, Any]:
        story = row.story
        return {
            "headline": row.actor_name,
            "lead": _("Dead, and deleted: it cannot be retried any more."),
            "notes": [("danger", f"{row.error_class.rpartition('.')[2]}: {story.get('error_message', '')}")],
            "facts": [
                (_("Queue"), row.queue_name),
                (_("Tags"), ", ".join(row.tags)),
                (_("Arguments"), f"{story.get('args', [])} {story.get('kwargs', {})}"),
                (_("Sent"), display.dated(row.created_at)),
                (_("Died"), display.dated(row.finished_at)),
                (_("Archived"), display.dated(row.archived_at)),
                (_("Job id"), row.pk),
            ],
            "tables": [_attempts(story.get("attempts", []))],
        }


def _attempts(said: list[dict[str, Any]]) -> Table:
    rows = [
        [
            each.get("no"),
            each.get("outcome"),
            display.dated(parse_datetime(each.get("finished_at") or "")),
            display.error_class(each.get("error_class", "")),
            each.get("error_message", ""),
        ]
        for each in said
    ]
    return Table(_("Attempts"), [_("No."), _("Ended"), _("When"), _("Error"), _("Message")], rows, numbers=(0,))
