"""What is wrong and what was: look at it, acknowledge it, mute it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter

from askpro.console import display
from askpro.console.acts import Act
from askpro.console.filters import period
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.repair.outages import may_repair, repair_of_incident
from askpro.console.table import Table
from askpro.console.term import Term
from askpro.watch import message
from askpro.watch.channels.names import Channel
from askpro.watch.conditions.registry import by_code, every_condition
from askpro.watch.models import Incident, Mute, Notice

Status = Incident.Status
LONGEST_MUTE = timedelta(days=30)
MOST_NOTICES = 20


def acknowledge(incident: Incident, user: Any, note: str) -> bool:
    return incident.acknowledge(user.get_username(), timezone.now(), note)


def mute(incident: Incident, user: Any, note: str, until: datetime) -> bool:
    now = timezone.now()
    if not now < until <= now + LONGEST_MUTE:
        return False
    Mute.objects.create(
        code=incident.code,
        about=incident.about,
        until=until,
        reason=note[:500],
        by=user.get_username()[:150],
        created_at=now,
    )
    return True


class ConditionFilter(DropdownFilter):
    title = _("condition")
    parameter_name = "condition"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(each.code, each.code) for each in every_condition()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Incident]) -> QuerySet[Incident]:
        return queryset.filter(code=self.value()) if self.value() else queryset


@admin.register(Incident)
class IncidentAdmin(ReadOnlyModelAdmin):
    list_display = ("what", "which", "how_grave", "progress", "began", "lasted", "told", "taken")
    list_filter = (
        ConditionFilter,
        ("status", ChoicesDropdownFilter),
        ("severity", ChoicesDropdownFilter),
        period("began_at", _("period")),
    )
    search_help_text = _("A condition's code, or what it is about")
    empty_text = _("Nothing has been wrong yet. What manage.py watch finds appears here.")
    acts = (
        Act(
            name="acknowledge",
            label=_("Acknowledge"),
            icon="back_hand",
            explain=_("A person is working on it: it is neither repeated nor escalated. Its end is told."),
            done=_("acknowledged"),
            possible=lambda incident: incident.status != Status.OVER and incident.acknowledged_at is None,
            run=acknowledge,
            note=_("What you are doing about it (no names)"),
        ),
        Act(
            name="mute",
            label=_("Mute"),
            icon="notifications_off",
            explain=_(
                "No alert about this is sent until then, a month at most. If an alert was sent, its end is still told."
            ),
            done=_("muted"),
            possible=lambda incident: incident.status != Status.OVER,
            run_at=mute,
            when=_("Until"),
            note=_("Why (no names)"),
            note_required=True,
        ),
    )

    def find(self, rows: QuerySet[Incident], term: Term) -> QuerySet[Incident]:
        return rows.filter(code__icontains=term.text) | rows.filter(about__icontains=term.text)

    def offered(self, request: HttpRequest, obj: Any) -> list[dict[str, str]]:
        """With the page on which it is seen, and for a vendor's outage the repair of what gave up meanwhile."""
        buttons = super().offered(request, obj)
        if (path := message.link(obj)) != "/":
            href = path if path.startswith("https://") else f"{reverse('admin:index').rstrip('/')}{path}"
            buttons.append({"label": str(_("Look at it")), "icon": "visibility", "href": href})
        if (repair := repair_of_incident(obj)) and may_repair(request.user):
            buttons.append({"label": str(_("Retry what gave up")), "icon": "build", "href": repair})
        return buttons

    def named(self, obj: Incident) -> str:
        return message.title(obj)

    @admin.display(description=_("What"))
    def what(self, row: Incident) -> str:
        return message.title(row)

    @admin.display(description=_("About"))
    def which(self, row: Incident) -> str:
        return row.about

    @admin.display(description=_("Severity"))
    def how_grave(self, row: Incident) -> SafeString:
        return display.state(row, "severity")

    @admin.display(description=_("State"))
    def progress(self, row: Incident) -> SafeString:
        return display.state(row)

    @admin.display(description=_("Began"))
    def began(self, row: Incident) -> SafeString | str:
        return display.moment(row.began_at)

    @admin.display(description=_("Lasts"))
    def lasted(self, row: Incident) -> str:
        return display.duration((row.over_at or timezone.now()) - row.began_at)

    @admin.display(description=_("Told"))
    def told(self, row: Incident) -> SafeString | str:
        return display.brief(row.told_at) if row.told_at else ""

    @admin.display(description=_("Acknowledged by"))
    def taken(self, row: Incident) -> str:
        return row.acknowledged_by

    def detail(self, request: HttpRequest, row: Incident) -> dict[str, Any]:
        condition = by_code(row.code)
        cause, todo = message.advice(row)
        return {
            "headline": message.title(row),
            "state": display.state(row),
            "facts": [
                (_("About"), row.about),
                (_("Severity"), display.state(row, "severity")),
                (_("How bad"), _measured(row)),
                (_("Likely cause"), cause),
                (_("What to do"), todo),
                (_("Runbook"), f"{message.RUNBOOK}#{row.code}"),
                (
                    _("Looked at"),
                    _("every %(seconds)g s") % {"seconds": condition.every} if condition else _("not by this release"),
                ),
                (_("Began"), display.dated(row.began_at)),
                (_("Seen last"), display.dated(row.seen_at)),
                (_("By the watch of"), row.host),
                (_("Told"), display.dated(row.told_at)),
                (_("Escalated"), display.dated(row.escalated_at)),
                (_("Acknowledged"), display.dated(row.acknowledged_at)),
                (_("By"), row.acknowledged_by),
                (_("Note"), row.note),
                (_("Over"), display.dated(row.over_at)),
            ],
            "tables": [_notices(row)],
        }


def _measured(row: Incident) -> str:
    worst = {"value": row.value, "worst": row.worst, "limit": row.threshold}
    return _("%(value)g, at worst %(worst)g (limit %(limit)g)") % worst


def _notices(row: Incident) -> Table:
    rows = Notice.objects.filter(thread=row.pk).prefetch_related("deliveries")[:MOST_NOTICES]
    return Table(
        _("Messages about it alone"),
        [_("When"), _("What"), pgettext("recipient", "To"), _("Subject")],
        [
            (display.moment(each.created_at), each.get_kind_display(), _told(each), display.link(each, each.subject))
            for each in rows
        ],
    )


def _told(notice: Notice) -> SafeString | str:
    """By which channels, and whether each took it."""
    names = dict(Channel.choices)
    rows = ((names.get(each.channel, each.channel), display.state(each)) for each in notice.deliveries.all())
    return format_html_join(", ", "{} {}", rows) or display.NOTHING
