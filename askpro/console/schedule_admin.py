"""What runs by the clock: when next, what came of it last, and the hand that stops it or starts it now."""

from typing import Any

from django.contrib import admin
from django.db.models import Max, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from askpro.console import display, payload
from askpro.console.acts import Act
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.table import Table
from askpro.console.term import Term
from askpro.queues.chores import schedule
from askpro.queues.models import Job, Schedule, ScheduledTick

MOST_TICKS = 20


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyModelAdmin):
    list_display = ("name", "progress", "cron", "job", "coming", "last", "policy")
    search_help_text = "Name or job"
    empty_text = "The entries of askpro/queue_settings.py appear here once queues_run has started."
    acts = (
        Act(
            name="run-now",
            label="Run now",
            icon="play_arrow",
            explain="Its job is sent at once, beside its times. A paused entry stays paused.",
            done="sent",
            possible=lambda row: row.name in schedule.entries(),
            run=lambda row, user, note: bool(schedule.run_now(row.name)),
        ),
        Act(
            name="pause",
            label="Pause",
            icon="pause",
            explain="Nothing is sent at its times, on any host, until somebody resumes it.",
            done="paused",
            note="Why?",
            possible=lambda row: not row.is_paused,
            run=lambda row, user, note: row.pause(),
        ),
        Act(
            name="resume",
            label="Resume",
            icon="resume",
            explain="It goes on with its next time. What fell into the pause is not made up for: use “Run now”.",
            done="resumed",
            possible=lambda row: row.is_paused,
            run=lambda row, user, note: row.resume(),
        ),
    )

    def find(self, rows: QuerySet[Schedule], term: Term) -> QuerySet[Schedule]:
        return rows.filter(name__icontains=term.text) | rows.filter(actor_name__icontains=term.text)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Schedule]:
        return super().get_queryset(request).annotate(sent_at=Max("ticks__sent_at"))

    @admin.display(description="State")
    def progress(self, row: Schedule) -> SafeString:
        return _state(row)

    @admin.display(description="Job")
    def job(self, row: Schedule) -> str:
        return row.actor_name

    @admin.display(description="Next", ordering="next_at")
    def coming(self, row: Schedule) -> SafeString | str:
        return display.dated(row.next_at)

    @admin.display(description="Last sent")
    def last(self, row: Any) -> SafeString | str:
        return display.dated(row.sent_at)

    @admin.display(description="Missed times")
    def policy(self, row: Schedule) -> SafeString:
        return display.pill(row.missed, row.get_missed_display())

    def detail(self, request: HttpRequest, row: Schedule) -> dict[str, Any]:
        return {
            "headline": row.name,
            "state": _state(row),
            "lead": f"{row.cron} in {row.timezone} sends {row.actor_name}",
            "notes": _notes(row),
            "facts": [
                ("Next", display.dated(row.next_at)),
                ("Cron", row.cron),
                ("Time zone", row.timezone),
                ("Job", row.actor_name),
                ("Arguments", payload.pretty(row.kwargs) if row.kwargs else "none"),
                ("Missed times", row.get_missed_display()),
            ],
            "tables": [_ticks(row)],
        }


def _state(row: Schedule) -> SafeString:
    if row.is_paused:
        return display.pill("paused", "Nothing is sent until somebody resumes it")
    if row.name not in schedule.entries():
        return display.pill("undeclared", "Not in the code that runs here")
    return display.pill("scheduled", "Sends its job at its times")


def _notes(row: Schedule) -> list[tuple[str, str]]:
    if row.name not in schedule.entries():
        return [("info", "The code that runs here does not declare this entry: nothing is sent by it.")]
    return []


def _ticks(row: Schedule) -> Table:
    ticks: list[ScheduledTick] = list(row.ticks.order_by("-at")[:MOST_TICKS])
    jobs = Job.objects.in_bulk([tick.job_id for tick in ticks if tick.job_id])
    rows = []
    for tick in ticks:
        job = jobs.get(tick.job_id) if tick.job_id else None
        how = "by hand" if tick.by_hand else "by the clock"
        rows.append([display.moment(tick.at), how, display.link(job), display.state(job) if job else "gone"])
    return Table("Last times", ["Time", "Sent", "Job", "State"], rows, "It has sent nothing yet.")
