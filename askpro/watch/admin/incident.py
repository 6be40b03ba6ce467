"""What is wrong and what was: look at it, acknowledge it, mute it."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from askpro.console import display
from askpro.console.acts import Act
from askpro.console.filters import period
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.table import Table
from askpro.console.term import Term
from askpro.watch import message
from askpro.watch.conditions.registry import by_code
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


@admin.register(Incident)
class IncidentAdmin(ReadOnlyModelAdmin):
    list_display = ("what", "which", "how_grave", "progress", "began", "lasted", "taken")
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("severity", ChoicesDropdownFilter),
        period("began_at", "period"),
    )
    search_help_text = "A condition's code, or what it is about"
    empty_text = "Nothing has been wrong yet. What manage.py watch finds appears here."
    acts = (
        Act(
            name="acknowledge",
            label="Acknowledge",
            icon="back_hand",
            explain="Somebody is at it: it is neither repeated nor escalated. Its end is told.",
            done="acknowledged",
            possible=lambda incident: incident.status != Status.OVER and incident.acknowledged_at is None,
            run=acknowledge,
            note="What you are doing about it (no names)",
        ),
        Act(
            name="mute",
            label="Mute",
            icon="notifications_off",
            explain="Nobody is told of this until then, a month at most. The end of what was told is told.",
            done="muted",
            possible=lambda incident: incident.status != Status.OVER,
            run_at=mute,
            when="Until",
            note="Why (no names)",
            note_required=True,
        ),
    )

    def find(self, rows: QuerySet[Incident], term: Term) -> QuerySet[Incident]:
        return rows.filter(code__icontains=term.text) | rows.filter(about__icontains=term.text)

    def named(self, obj: Incident) -> str:
        return message.title(obj)

    @admin.display(description="What")
    def what(self, row: Incident) -> str:
        return message.title(row)

    @admin.display(description="About")
    def which(self, row: Incident) -> str:
        return row.about

    @admin.display(description="Severity")
    def how_grave(self, row: Incident) -> SafeString:
        return display.state(row, "severity")

    @admin.display(description="State")
    def progress(self, row: Incident) -> SafeString:
        return display.state(row)

    @admin.display(description="Began")
    def began(self, row: Incident) -> SafeString | str:
        return display.moment(row.began_at)

    @admin.display(description="Lasts")
    def lasted(self, row: Incident) -> str:
        return display.duration((row.over_at or timezone.now()) - row.began_at)

    @admin.display(description="Acknowledged by")
    def taken(self, row: Incident) -> str:
        return row.acknowledged_by

    def detail(self, request: HttpRequest, row: Incident) -> dict[str, Any]:
        condition = by_code(row.code)
        cause, todo = message.advice(row)
        return {
            "headline": message.title(row),
            "state": display.state(row),
            "facts": [
                ("About", row.about),
                ("Severity", display.state(row, "severity")),
                ("How bad", f"{row.value:g}, at worst {row.worst:g} (limit {row.threshold:g})"),
                ("Likely cause", cause),
                ("What to do", todo),
                ("Runbook", f"{message.RUNBOOK}#{row.code}"),
                ("Looked at", f"every {condition.every:g} s" if condition else "not by this release"),
                ("Began", display.dated(row.began_at)),
                ("Seen last", display.dated(row.seen_at)),
                ("By the watch of", row.host),
                ("Told", display.dated(row.told_at)),
                ("Escalated", display.dated(row.escalated_at)),
                ("Acknowledged", display.dated(row.acknowledged_at)),
                ("By", row.acknowledged_by),
                ("Note", row.note),
                ("Over", display.dated(row.over_at)),
            ],
            "tables": [_notices(row)],
        }


def _notices(row: Incident) -> Table:
    rows = Notice.objects.filter(thread=row.pk)[:MOST_NOTICES]
    return Table(
        "Messages about it alone",
        ["When", "What", "Subject"],
        [(display.moment(each.created_at), each.get_kind_display(), display.link(each, each.subject)) for each in rows],
    )
