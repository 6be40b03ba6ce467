"""`manage.py queues_schedule`: list the jobs that run by the clock; pause, resume or run one now."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from askpro.queues.chores import schedule
from askpro.queues.models import Schedule, ScheduledTick

HEAD = ("name", "cron", "zone", "job", "missed", "next", "last")


class Command(BaseCommand):
    help = "List the schedule; pause an entry, resume it, or send its job now."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_mutually_exclusive_group()
        acts.add_argument("--pause", metavar="NAME", help="stop sending this entry's jobs")
        acts.add_argument("--resume", metavar="NAME", help="continue with its next tick; missed ones are not caught up")
        acts.add_argument("--run", metavar="NAME", help="send its job now, paused or not")

    def handle(self, *args: Any, pause: str | None, resume: str | None, run: str | None, **options: Any) -> None:
        autodiscover_modules("tasks")
        try:
            schedule.sync(schedule.database_now())
        except schedule.InvalidSchedule as error:
            raise CommandError(f"SCHEDULE, {error}") from error
        if pause:
            self.stdout.write("Paused." if _entry(pause).pause() else "It is paused already.")
        elif resume:
            self.stdout.write("Resumed." if _entry(resume).resume() else "It is not paused.")
        elif run:
            self.stdout.write(f"Sent as job {schedule.run_now(_entry(run).name)}.")
        else:
            self._list()

    def _list(self) -> None:
        declared = schedule.entries()
        rows = [HEAD, *(_row(row, row.name in declared) for row in Schedule.objects.all())]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
        for row in rows:
            self.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _entry(name: str) -> Schedule:
    if name not in schedule.entries():
        raise CommandError(f"No entry {name!r}; known: {', '.join(schedule.entries()) or 'none'}.")
    return Schedule.objects.get(name=name)


def _row(row: Schedule, is_declared: bool) -> tuple[str, ...]:
    last = ScheduledTick.objects.filter(schedule=row).order_by("-sent_at").first()
    coming = "paused" if row.is_paused else _time(row.next_at) if is_declared else "not in this code"
    return (row.name, row.cron, row.timezone, row.actor_name, row.missed, coming, _time(last.sent_at if last else None))


def _time(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}" if moment else "never"
