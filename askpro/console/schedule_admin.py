"""What runs by the clock: when next, what came of it last, and the hand that stops it or starts it now."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from askpro.console import display, payload
from askpro.console.acts import Act
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.permissions import May
from askpro.console.state_names import name_of
from askpro.console.table import Table
from askpro.console.term import Term
from askpro.language.text import Text
from askpro.queues import cron
from askpro.queues.chores import schedule
from askpro.queues.models import Job, Schedule, ScheduledTick

MOST_TICKS = 20
# What the list shows of the newest tick, by its name there.
TICK = {"sent_at": "sent_at", "sent_id": "job_id"}
# What becomes of missed times, in a word or two.
POLICIES: dict[str, Text] = {
    Schedule.Missed.SKIP: pgettext_lazy("missed times", "skipped"),
    Schedule.Missed.ONCE: pgettext_lazy("missed times", "one job for all"),
    Schedule.Missed.ALL: pgettext_lazy("missed times", "a job for each"),
}
# Times that are looked through for missed ones.
MOST_LOOKED = 200


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyModelAdmin):
    list_display = ("name", "progress", "cron", "job", "last", "result", "coming", "policy")
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
        newest = ScheduledTick.objects.filter(schedule=OuterRef("pk")).order_by("-sent_at", "-pk")
        rows = super().get_queryset(request)
        rows = rows.annotate(
            sent_at=Subquery(newest.values("sent_at")[:1]), sent_id=Subquery(newest.values("job_id")[:1])
        )
        return rows.annotate(came_of_it=Subquery(Job.objects.filter(pk=OuterRef("sent_id")).values("status")[:1]))

    @admin.display(description=_("State"))
    def progress(self, row: Schedule) -> SafeString:
        return _state(row)

    @admin.display(description=_("Job"))
    def job(self, row: Schedule) -> str:
        return row.actor_name

    @admin.display(description=_("Next"), ordering="next_at")
    def coming(self, row: Schedule) -> SafeString | str:
        return display.brief(row.next_at)

    @admin.display(description=_("Last sent"))
    def last(self, row: Any) -> SafeString | str:
        return display.brief(row.sent_at)

    @admin.display(description=_("Result"))
    def result(self, row: Any) -> SafeString | str:
        if row.sent_id is None:
            return ""
        return display.pill(row.came_of_it) if row.came_of_it else name_of("gone")

    @admin.display(description=_("Missed times"))
    def policy(self, row: Schedule) -> SafeString:
        return display.pill(row.missed, row.get_missed_display(), POLICIES.get(row.missed, ""))

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
    if is_overdue(row):
        return display.pill("lost", _("No chores process has sent its job; see who runs queues_run"), _("overdue"))
    return display.pill("scheduled", _("Sends its job at its times"))


def is_overdue(row: Schedule) -> bool:
    """Whether its time has passed and nobody has sent its job."""
    return not row.is_paused and row.next_at is not None and row.next_at < timezone.now() - schedule.GRACE


def _notes(row: Schedule) -> list[tuple[str, str]]:
    if row.name not in schedule.entries():
        return [("info", str(_("The code that runs here does not declare this entry: nothing is sent by it.")))]
    return []


def _ticks(row: Schedule) -> Table:
    """The newest times, the missed ones among them."""
    sent: dict[datetime, ScheduledTick] = {tick.at: tick for tick in row.ticks.order_by("-at")[:MOST_LOOKED]}
    missed = [at for at in _times(row, [*sent]) if at not in sent]
    shown = sorted([*sent, *missed], reverse=True)[:MOST_TICKS]
    jobs = Job.objects.in_bulk([sent[at].job_id for at in shown if at in sent and sent[at].job_id])
    note = ngettext("%(count)s missed of the last %(all)s", "%(count)s missed of the last %(all)s", len(missed))
    return Table(
        _("Last times"),
        [_("Time"), _("Sent"), _("Job"), _("State"), _("From sending to the end")],
        [_sent(sent[at], jobs.get(sent[at].job_id)) if at in sent else _missed(at) for at in shown],
        _("It has sent nothing yet."),
        note % {"count": len(missed), "all": len(sent) + len(missed)} if missed else "",
    )


def _times(row: Schedule, sent: list[datetime]) -> list[datetime]:
    """Its times, as the code has them now, since the oldest that was looked at; none that may still be sent."""
    first = cron.next_tick(row.cron, row.timezone, min(sent)) if sent else None
    until = timezone.now() - schedule.GRACE
    if first is None or first > until:
        return []
    return cron.ticks_between(row.cron, row.timezone, first, until, MOST_LOOKED)


def _sent(tick: ScheduledTick, job: Job | None) -> list[Any]:
    how = _("by hand") if tick.by_hand else _("by the clock")
    took = display.duration(job.finished_at - job.created_at) if job and job.finished_at else ""
    return [display.moment(tick.at), how, display.link(job), display.state(job) if job else name_of("gone"), took]


def _missed(at: datetime) -> list[Any]:
    why = _("It was paused, or no chores process ran then")
    return [display.moment(at), _("missed"), display.NOTHING, display.pill("skipped", why), ""]
