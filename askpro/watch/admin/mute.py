"""What nobody is told of for the time being."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from askpro.console import display
from askpro.console.acts import Act
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.term import Term
from askpro.watch.models import Mute


def lift(mute: Mute, user: Any, note: str) -> bool:
    return mute.lift(timezone.now())


@admin.register(Mute)
class MuteAdmin(ReadOnlyModelAdmin):
    list_display = ("what", "until_when", "reason", "by", "since")
    search_help_text = _("A condition's code, or what it is about")
    empty_text = _("Nothing is muted. An incident's page has the button, and manage.py incidents mute does the same.")
    acts = (
        Act(
            name="lift",
            label=_("End it"),
            icon="notifications_active",
            explain=_("Alerts are sent again, for what lasts and for what comes."),
            done=_("ended"),
            possible=lambda mute: mute.until > timezone.now(),
            run=lift,
        ),
    )

    def find(self, rows: QuerySet[Mute], term: Term) -> QuerySet[Mute]:
        return rows.filter(code__icontains=term.text) | rows.filter(about__icontains=term.text)

    @admin.display(description=_("Muted"))
    def what(self, row: Mute) -> str:
        return str(row)

    @admin.display(description=_("Until"))
    def until_when(self, row: Mute) -> SafeString | str:
        return display.moment(row.until)

    @admin.display(description=_("Since"))
    def since(self, row: Mute) -> SafeString | str:
        return display.moment(row.created_at)

    def detail(self, request: HttpRequest, row: Mute) -> dict[str, Any]:
        return {
            "headline": str(row),
            "facts": [
                (_("Condition"), row.code),
                (_("Only about"), row.about),
                (_("Until"), display.dated(row.until)),
                (_("Why"), row.reason),
                (_("By"), row.by),
                (_("Since"), display.dated(row.created_at)),
            ],
        }
