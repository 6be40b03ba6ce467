"""What runs by the clock: when next, what came of it last, and the hand that stops it or starts it now."""

from typing import Any

from django.contrib import admin
from django.db.models import Max, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from askpro.console import display, payload
from askpro.console.acts import Act
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.permissions import May
from askpro.console.state_names import name_of
from askpro.console.table import Table
from askpro.console.term import Term
from askpro.queues.chores import schedule
from askpro.queues.models import Job, Schedule, ScheduledTick

MOST_TICKS = 20


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyModelAdmin):
    list_display = ("name", "progress", "cron", "job", "coming", "last", "policy")
    search_help_text = _("Name or job")
    empty_text = _("The entries of askpro/queue_settings.py appear here once queues_run has started.")
    acts = (
        Act(
            name="run-now",
            label=_("Run now"),
            icon="play_arrow",
            explain=_("Its job is sent at once, beside its times. A paused entry stays paused."),
            done=_("sent"),
            possible=lambda row: row.name in schedule.entries(),
            run=lambda row, user, note: bool(schedule.run_now(row.name)),
        ),
        Act(
            name="pause",
            permissions=(May.PAUSE,),
            label=_("Pause"),
            icon="pause",
            explain=_("Nothing is sent at its times, on any host, until a person resumes it."),
            done=_("paused"),
            note=_("Why?"),
            possible=lambda row: not row.is_paused,
            run=lambda row, user, note: row.pause(),
        ),
        Act(
            name="resume",
            permissions=(May.PAUSE,),
            label=_("Resume"),
            icon="resume",
            explain=_(
                "It continues with its next time. Times missed during the pause are not caught up: use “Run now”."
            ),
            done=_("resumed"),
            possible=lambda row: row.is_paused,
            run=lambda row, user, note: row.resume(),
        ),
    )

    def find(self, rows: QuerySet[Schedule], term: Term) -> QuerySet[Schedule]:
        return rows.filter(name__icontains=term.text) | rows.filter(actor_name__icontains=term.text)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Schedule]:
        return super().get_queryset(request).annotate(sent_at=Max("ticks__sent_at"))

    @admin.display(description=_("State"))
    def progress(self, row: Schedule) -> SafeString:
        return _state(row)

    @admin.display(description=_("Job"))
    def job(self, row: Schedule) -> str:
        return row.actor_name

    @admin.display(description=_("Next"), ordering="next_at")
    def coming(self, row: Schedule) -> SafeString | str:
        return display.dated(row.next_at)

    @admin.display(description=_("Last sent"))
    def last(self, row: Any) -> SafeString | str:
        return display.dated(row.sent_at)

    @admin.display(description=_("Missed times"))
    def policy(self, row: Schedule) -> SafeString:
        return display.pill(row.missed, row.get_missed_display())

    def detail(self, request: HttpRequest, row: Schedule) -> dict[str, Any]:
        return {
            "headline": row.name,
            "state": _state(row),
            "lead": _("%(cron)s in %(zone)s sends %(job)s")
            % {"cron": row.cron, "zone": row.timezone, "job": row.actor_name},
            "notes": _notes(row),
            "facts": [
                (_("Next"), display.dated(row.next_at)),
                (_("Cron"), row.cron),
                (_("Time zone"), row.timezone),
                (_("Job"), row.actor_name),
                (_("Arguments"), payload.pretty(row.kwargs) if row.kwargs else _("none")),
                (_("Missed times"), row.get_missed_display()),
            ],
            "tables": [_ticks(row)],
        }


def _state(row: Schedule) -> SafeString:
    if row.is_paused:
        return display.pill("paused", _("Nothing is sent until a person resumes it"))
    if row.name not in schedule.entries():
        return display.pill("undeclared", _("Not in the code that runs here"))
    return display.pill("scheduled", _("Sends its job at its times"))


def _notes(row: Schedule) -> list[tuple[str, str]]:
    if row.name not in schedule.entries():
        return [("info", str(_("The code that runs here does not declare this entry: nothing is sent by it.")))]
    return []


def _ticks(row: Schedule) -> Table:
    ticks: list[ScheduledTick] = list(row.ticks.order_by("-at")[:MOST_TICKS])
    jobs = Job.objects.in_bulk([tick.job_id for tick in ticks if tick.job_id])
    rows = []
    for tick in ticks:
        job = jobs.get(tick.job_id) if tick.job_id else None
        how = _("by hand") if tick.by_hand else _("by the clock")
        rows.append([display.moment(tick.at), how, display.link(job), display.state(job) if job else name_of("gone")])
    return Table(_("Last times"), [_("Time"), _("Sent"), _("Job"), _("State")], rows, _("It has sent nothing yet."))
