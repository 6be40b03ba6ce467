"""Pauses, commands and events of the fleet: what was done to it, by whom, and what happened by itself."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from askpro.console import display, fleet_acts
from askpro.console.filters import period
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.term import Term
from askpro.language import engine_words
from askpro.queues.models import FleetCommand, FleetEvent, Pause, Supervisor


@admin.register(Pause)
class PauseAdmin(ReadOnlyModelAdmin):
    list_display = ("what", "progress", "ends", "reason", "by", "since")
    list_filter = (("kind", ChoicesDropdownFilter),)
    search_help_text = _("Queue, job or who")
    empty_text = _(
        "Nothing is paused. Queues are paused on the page “Queues”, one kind of job on the page of such a job."
    )

    def find(self, rows: QuerySet[Pause], term: Term) -> QuerySet[Pause]:
        return rows.filter(name__icontains=term.text) | rows.filter(by__icontains=term.text)

    @admin.display(description=_("Paused"))
    def what(self, row: Pause) -> str:
        return f"{row.get_kind_display()} {row.name}"

    @admin.display(description=_("State"))
    def progress(self, row: Pause) -> SafeString:
        return _state(row)

    @admin.display(description=_("Until"))
    def ends(self, row: Pause) -> SafeString | str:
        return display.minute(row.until) if row.until else str(_("a person resumes it"))

    @admin.display(description=_("Since"))
    def since(self, row: Pause) -> SafeString | str:
        return display.ago(row.at)

    def offered(self, request: HttpRequest, obj: Any) -> list[dict[str, str]]:
        if not request.user.has_perm(fleet_acts.RESUME.permission):
            return []
        href = fleet_acts.address(fleet_acts.RESUME, **{obj.kind: obj.name})
        return [{"label": str(_("Resume")), "icon": "play_arrow", "href": href}]

    def detail(self, request: HttpRequest, row: Pause) -> dict[str, Any]:
        return {
            "headline": f"{row.get_kind_display()} {row.name}",
            "state": _state(row),
            "facts": [
                (_("Until"), display.moment(row.until) if row.until else _("a person resumes it")),
                (_("Why"), row.reason),
                (_("By"), row.by),
                (_("Since"), display.dated(row.at)),
            ],
        }


@admin.register(FleetCommand)
class FleetCommandAdmin(ReadOnlyModelAdmin):
    list_display = ("what", "progress", "told", "by", "given", "taken")
    list_filter = (("kind", ChoicesDropdownFilter), period("at", _("given")))
    list_select_related = ("supervisor",)
    page_related = ("supervisor",)
    search_help_text = _("Pool, host or who")
    empty_text = _("No command has been given yet. The page “Fleet” has them: scale, restart, stop.")

    def find(self, rows: QuerySet[FleetCommand], term: Term) -> QuerySet[FleetCommand]:
        words = ("pool", "by", "supervisor__host")
        found = rows.none()
        for word in words:
            found = found | rows.filter(**{f"{word}__icontains": term.text})
        return found

    @admin.display(description=_("Command"))
    def what(self, row: FleetCommand) -> str:
        return words_of(row)

    @admin.display(description=_("State"))
    def progress(self, row: FleetCommand) -> SafeString:
        return _taken(row)

    @admin.display(description=_("Told"))
    def told(self, row: FleetCommand) -> str:
        return str(row.supervisor)

    @admin.display(description=_("Given"))
    def given(self, row: FleetCommand) -> SafeString | str:
        return display.moment(row.at)

    @admin.display(description=_("Taken after"))
    def taken(self, row: FleetCommand) -> str:
        return display.duration(max(row.taken_at - row.at, timedelta(0))) if row.taken_at else ""

    def detail(self, request: HttpRequest, row: FleetCommand) -> dict[str, Any]:
        return {
            "headline": words_of(row),
            "state": _taken(row),
            "facts": [
                (_("Told"), display.link(row.supervisor)),
                (_("By"), row.by),
                (_("Given"), display.dated(row.at)),
                (_("Taken"), display.dated(row.taken_at)),
            ],
        }


@admin.register(FleetEvent)
class FleetEventAdmin(ReadOnlyModelAdmin):
    list_display = ("happened", "what", "told")
    list_filter = (("kind", ChoicesDropdownFilter), period("at", _("happened")))
    search_help_text = _("Words of the event: a host, a pool, a name")
    empty_text = _("Nothing has happened to the fleet yet: no command, no death, no trouble at a start.")

    def find(self, rows: QuerySet[FleetEvent], term: Term) -> QuerySet[FleetEvent]:
        return rows.filter(text__icontains=term.text)

    def named(self, obj: FleetEvent) -> str:
        return str(obj.get_kind_display())

    @admin.display(description=_("When"))
    def happened(self, row: FleetEvent) -> SafeString | str:
        return display.moment(row.at)

    @admin.display(description=_("What"))
    def what(self, row: FleetEvent) -> SafeString:
        return event_pill(row)

    @admin.display(description=_("Text"))
    def told(self, row: FleetEvent) -> str:
        return engine_words.told(row.text)

    def detail(self, request: HttpRequest, row: FleetEvent) -> dict[str, Any]:
        supervisor = Supervisor.objects.filter(pk=row.supervisor_id).first() if row.supervisor_id else None
        return {
            "headline": row.get_kind_display(),
            "state": event_pill(row),
            "lead": engine_words.told(row.text),
            "facts": [
                (_("When"), display.dated(row.at)),
                (_("Supervisor"), display.link(supervisor)),
            ],
        }


def event_pill(row: FleetEvent) -> SafeString:
    """The kind of an event in its colour."""
    return display.pill(row.kind, str(row.get_kind_display()))


def _state(row: Pause) -> SafeString:
    if row.until and row.until <= timezone.now():
        return display.pill("over", _("It ended by itself"))
    return display.pill("paused", _("No worker takes such jobs"))


def _taken(row: FleetCommand) -> SafeString:
    if row.taken_at:
        return display.pill("taken", _("The supervisor has done it"))
    if row.supervisor.status in Supervisor.LIVING:
        return display.pill("waiting", _("The supervisor has not looked yet"))
    return display.pill("dropped", _("The supervisor ended before it looked"))


def words_of(row: FleetCommand) -> str:
    """What a supervisor was told to do."""
    if row.kind == FleetCommand.Kind.SCALE:
        if row.processes is None:
            return _("Scale %(pool)s by its settings") % {"pool": row.pool}
        return _("Scale %(pool)s to %(count)s") % {"pool": row.pool, "count": row.processes}
    return str(fleet_acts.ACTS[row.kind].label)
