"""Jobs by the clock: entries in the code, one row per entry, and one row per tick, which decides who sends its job.

The code defines an entry; its row knows whether it is paused and which tick is next. A process sends only the entries
that its own code declares, so that two releases beside each other do not conflict.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from importlib import import_module
from inspect import signature
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSimError
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from dramatiq import Message, get_broker
from dramatiq.errors import ActorNotFound

from askpro.queues import cron
from askpro.queues.models import Schedule, ScheduledTick

log = logging.getLogger(__name__)

# A tick that is handled no later than this was not missed.
GRACE = timedelta(minutes=1)
MOST_MISSED = 100


class InvalidSchedule(ValueError):
    """`SCHEDULE` in askpro/queue_settings.py has an invalid entry; the message names the fix."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of `SCHEDULE`.

    cron      five fields, in `timezone`
    actor     the actor whose job is sent, with `kwargs`
    tick_as   the argument that gets the time of the tick, in ISO 8601; empty: the actor takes none
    missed    for ticks at which no chores process ran: `skip` sends none, `once` one job, `all` one each (at most 100)
    """

    name: str
    cron: str
    actor: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    timezone: str = settings.TIME_ZONE
    missed: str = Schedule.Missed.ONCE
    tick_as: str = ""

    def __post_init__(self) -> None:
        if self.missed not in Schedule.Missed:
            raise InvalidSchedule(f"{self.name}: missed is {self.missed!r}; known: {', '.join(Schedule.Missed)}.")
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise InvalidSchedule(
                f"{self.name}: no time zone {self.timezone!r}; write one as Europe/Berlin."
            ) from error
        try:
            cron.next_tick(self.cron, self.timezone, timezone.now())
        except (CronSimError, StopIteration) as error:
            raise InvalidSchedule(
                f"{self.name}: {self.cron!r} is no cron expression ({error}); write minute, hour, day, month, weekday."
            ) from error

    def message(self, tick: datetime) -> Message[Any]:
        """The job to send. Raises `ActorNotFound`, or `ValueError` for arguments that the actor does not take."""
        actor: Any = get_broker().get_actor(self.actor)
        kwargs = {**self.kwargs, self.tick_as: tick.isoformat()} if self.tick_as else self.kwargs
        try:
            signature(actor.fn).bind(**kwargs)
        except TypeError as error:
            raise ValueError(f"{self.actor}: {error}.") from error
        return actor.message(**kwargs)

    def next_tick(self, after: datetime) -> datetime:
        return cron.next_tick(self.cron, self.timezone, after)


class Timetable:
    """What a chores process does for the schedule. Its first run updates the rows from the code."""

    def __init__(self) -> None:
        self._is_synced = False

    def send_due(self) -> int:
        """Send the jobs of the ticks that are due; returns how many."""
        now = database_now()
        if not self._is_synced:
            sync(now)
            self._is_synced = True
        return send_due(now)


def entries() -> dict[str, Entry]:
    """The entries of `SCHEDULE`, by name. Raises `InvalidSchedule`."""
    module = import_module(getattr(settings, "QUEUE_SETTINGS", "askpro.queue_settings"))
    words: Mapping[str, Mapping[str, Any]] = getattr(module, "SCHEDULE", {})
    return {name: _entry(name, said) for name, said in words.items()}


def sync(now: datetime) -> None:
    """Update the rows from the code. A row keeps whether it is paused, and its next tick unless its times changed."""
    for entry in entries().values():
        said: dict[str, Any] = {
            "cron": entry.cron,
            "timezone": entry.timezone,
            "actor_name": entry.actor,
            "kwargs": dict(entry.kwargs),
            "missed": entry.missed,
        }
        with transaction.atomic():
            Schedule.objects.bulk_create([Schedule(name=entry.name, **said)], ignore_conflicts=True)
            row = Schedule.objects.select_for_update().get(name=entry.name)
            moved = (row.cron, row.timezone) != (entry.cron, entry.timezone)
            if row.next_at is None or moved:
                said["next_at"] = None if row.is_paused else entry.next_tick(now)
            Schedule.objects.filter(pk=row.pk).update(**said)


def send_due(now: datetime) -> int:
    """Send the jobs of every tick up to `now`; returns how many. Several hosts may do so at once."""
    known = entries()
    due = Schedule.objects.filter(name__in=known, is_paused=False, next_at__lte=now).order_by("next_at")
    return sum(_send_due(known[name], now) for name in due.values_list("name", flat=True))


def run_now(name: str) -> str:
    """Send an entry's job now, paused or not, beside its ticks; returns the job's id. Raises `InvalidSchedule`."""
    entry = entries().get(name)
    row = Schedule.objects.filter(name=name).first()
    if entry is None or row is None:
        raise InvalidSchedule(f"{name}: no such entry in SCHEDULE, or no queues_run has read it yet.")
    with transaction.atomic():
        return _send(row, entry, timezone.now(), by_hand=True)


def database_now() -> datetime:
    """PostgreSQL's clock: the clocks of hosts differ, but hosts must agree on what is due."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def _send_due(entry: Entry, now: datetime) -> int:
    with transaction.atomic():
        rows = Schedule.objects.select_for_update(skip_locked=True)
        row = rows.filter(name=entry.name, is_paused=False, next_at__lte=now).first()
        if row is None or row.next_at is None:
            return 0
        try:
            entry.message(now)
        except (ActorNotFound, ValueError) as error:
            log.error("Schedule %s cannot send its job (%s); see manage.py check", entry.name, type(error).__name__)
            return 0
        most = MOST_MISSED if entry.missed == Schedule.Missed.ALL else 1
        ticks = cron.ticks_between(entry.cron, entry.timezone, row.next_at, now, most)
        if entry.missed == Schedule.Missed.SKIP:
            ticks = [tick for tick in ticks if now - tick <= GRACE]
        sent = sum(bool(_send(row, entry, tick)) for tick in ticks)
        Schedule.objects.filter(pk=row.pk).update(next_at=entry.next_tick(now))
        return sent


def _send(row: Schedule, entry: Entry, at: datetime, *, by_hand: bool = False) -> str:
    """Send the job of one tick; returns its id, or "" when the tick's unique row shows that it was sent already."""
    tick, is_ours = ScheduledTick.objects.get_or_create(schedule=row, at=at, defaults={"by_hand": by_hand})
    if not is_ours:
        return ""
    tick.job_id = get_broker().enqueue(entry.message(at)).message_id
    tick.save(update_fields=["job_id"])
    return str(tick.job_id)


def _entry(name: str, words: Mapping[str, Any]) -> Entry:
    known = {each.name for each in fields(Entry)} - {"name"}
    if unknown := set(words) - known:
        raise InvalidSchedule(f"{name}: unknown keys {sorted(unknown)}; known: {', '.join(sorted(known))}.")
    if missing := {"cron", "actor"} - set(words):
        raise InvalidSchedule(f"{name}: {', '.join(sorted(missing))} is missing.")
    return Entry(name, **words)
