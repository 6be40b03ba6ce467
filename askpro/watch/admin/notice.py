"""What people were told, and over which channel it reached them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from askpro.console import display
from askpro.console.filters import period
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.table import Table
from askpro.console.term import Term
from askpro.language import engine_words
from askpro.watch.channels.names import Channel
from askpro.watch.models import Notice


@admin.register(Notice)
class NoticeAdmin(ReadOnlyModelAdmin):
    list_display = ("written", "what", "how_grave", "subject")
    list_filter = (
        ("kind", ChoicesDropdownFilter),
        ("severity", ChoicesDropdownFilter),
        period("created_at", _("period")),
    )
    list_defer = ("text",)
    search_help_text = _("Words of the subject")
    empty_text = _("Nobody has been told of anything yet. To try the channels: python3 manage.py alerts_test")

    def find(self, rows: QuerySet[Notice], term: Term) -> QuerySet[Notice]:
        return rows.filter(subject__icontains=term.text)

    @admin.display(description=_("When"))
    def written(self, row: Notice) -> SafeString | str:
        return display.moment(row.created_at)

    @admin.display(description=_("What"))
    def what(self, row: Notice) -> str:
        return row.get_kind_display()

    @admin.display(description=_("Severity"))
    def how_grave(self, row: Notice) -> SafeString:
        return display.state(row, "severity")

    def detail(self, request: HttpRequest, row: Notice) -> dict[str, Any]:
        return {
            "headline": row.subject,
            "state": display.state(row, "severity"),
            "facts": [
                (_("When"), display.dated(row.created_at)),
                (_("What"), row.get_kind_display()),
                (_("Text"), row.text),
                (_("As SMS"), row.short),
            ],
            "tables": [_deliveries(row)],
        }


def _deliveries(row: Notice) -> Table:
    names = dict(Channel.choices)
    return Table(
        _("Channels"),
        [_("Channel"), _("State"), _("Tries"), _("Sent"), _("Last failure")],
        [
            (
                names.get(each.channel, each.channel),
                display.state(each),
                each.tries,
                display.moment(each.sent_at),
                engine_words.told(each.error),
            )
            for each in row.deliveries.all()
        ],
    )
