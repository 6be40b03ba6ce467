"""Deletes what is no longer kept (`RETENTION`): whole days of completed jobs, and the rest a page of rows at a time.

It works in the thread of the chores that may be slow, so that no heartbeat waits for it, and in `queues_prune`. Several
hosts may do so at once: a row that another session has locked is left to the next walk, so whoever retries a dead job
either gets it whole or is told that it is gone.
"""

import logging
import time
import uuid
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta

from django.db import OperationalError, ProgrammingError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg2.errors import LockNotAvailable, UndefinedTable

from askpro.queues.chores.retention_sql import AT_ONCE, SHELVES, Shelf, least_of_jobs, params_of, shelf_of_day
from askpro.queues.config import FOR_EVER, Retention, queue_names, retention
from askpro.queues.jobs import interventions
from askpro.queues.ledger import history
from askpro.queues.ledger.database import DjangoConnection, EngineConnection
from askpro.queues.ledger.outcome import cancelled
from askpro.queues.metrics import fold

log = logging.getLogger(__name__)

# Seconds of one look. The other slow chores, such as the schedule, wait for it.
BUDGET = 0.5
# Seconds that a walk rests after it has come to the end of its table; and between two looks at days and waiting jobs.
REST = 600.0
SELDOM = 60.0
# With outdated statistics, PostgreSQL would read a whole day for each page, and sort it.
SESSION = "; ".join(f"SET LOCAL {way} = off" for way in ("enable_seqscan", "enable_bitmapscan", "enable_sort", "jit"))
DAY = timedelta(days=1)
NEVER = datetime.min.replace(tzinfo=UTC)
BEGINNINGS = {"uuid": str(uuid.UUID(int=0)), "bigint": "0", "text": ""}
# Steps behind a job that is gone. A chain that runs again, since a person has retried its step, has one under way.
STRANDED = (
    "chain_id = ANY(%s::uuid[]) AND status = 'waiting' AND NOT EXISTS (SELECT 1 FROM queues_job_live AS other"
    " WHERE other.chain_id = queues_job_live.chain_id AND other.status <> 'waiting')"
)
WAITED = "queue_name = %s AND status = 'queued' AND ready_at < statement_timestamp() - %s * interval '1 minute'"


class Keeper:
    """One process's walks through all tables. Each look continues where the last one stopped."""

    def __init__(self) -> None:
        self._walks = [Walk(shelf) for shelf in SHELVES]
        self._days: dict[date, DayWalk] = {}
        self._seldom_at = 0.0

    def look(self) -> int:
        """Delete for half a second at most; returns how many rows. Days are dropped once a minute."""
        kept, until, gone = retention(), time.monotonic() + BUDGET, 0
        if not _is_counted(kept):
            return 0
        if time.monotonic() >= self._seldom_at:
            self._seldom_at = time.monotonic() + SELDOM
            self._drop_days(kept)
            cancel_waiting(kept)
        while time.monotonic() < until and (walk := self._next(kept)):
            gone += walk.bite(kept)
        return gone

    def _drop_days(self, kept: Retention) -> None:
        days = drop_days(kept, [day for day, walk in self._days.items() if walk.found_nothing])
        self._days = {day: self._days.get(day) or DayWalk(day) for day in days}

    def _next(self, kept: Retention) -> "Walk | None":
        """The walk that has waited longest, of those that may find something."""
        due = [walk for walk in (*self._walks, *self._days.values()) if walk.is_due(kept)]
        return min(due, key=lambda walk: walk.bitten_at, default=None)


class Walk:
    """A walk through one table in the order of its key, again and again, with a rest at each end."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._place = ""
        self._rests_until = 0.0
        self.bitten_at = 0.0

    @property
    def is_under_way(self) -> bool:
        """Whether it has begun and has not come to the end."""
        return bool(self._place)

    def is_due(self, kept: Retention) -> bool:
        """Whether it may find something now."""
        return self._shelf.least(kept) < FOR_EVER and time.monotonic() >= self._rests_until

    def bite(self, kept: Retention) -> int:
        """Read the next page, and delete what is due in it; returns how many rows."""
        self.bitten_at, before = time.monotonic(), self._place
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(SESSION)
                return self._take(cursor, kept)
        except (OperationalError, ProgrammingError) as error:
            # Somebody holds the batch of a chain whose steps were to be cancelled: the next walk finds them again. Or
            # another process has just dropped this day.
            if not isinstance(error.__cause__, LockNotAvailable | UndefinedTable):
                raise
            if self._place == before:
                self._end()
            return 0

    def _take(self, cursor: CursorWrapper, kept: Retention) -> int:
        where = {"place": self._place or BEGINNINGS[self._shelf.kind], "young": _id_of(self._shelf.least(kept))}
        cursor.execute(self._shelf.statement, {**params_of(kept), **where, "most": AT_ONCE})
        read, last, gone, chains = cursor.fetchone()
        self._note(read, gone)
        # Numbers rise with time: what follows a page in which nothing is due is younger still.
        if read < AT_ONCE or (self._shelf.kind == "bigint" and not gone):
            self._end()
        else:
            self._place = last
        if chains:
            _end_stranded(chains)
        return int(gone)

    def _note(self, read: int, gone: int) -> None:
        """For those that count what they find."""

    def _end(self) -> None:
        self._place, self._rests_until = "", time.monotonic() + REST


class DayWalk(Walk):
    """A walk through a day's table: while it may hold jobs that are due and were not when it was last begun.

    The jobs that are kept longest are not looked for: they go with their day.
    """

    def __init__(self, day: date) -> None:
        super().__init__(shelf_of_day(history.table_of(day)))
        self._begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
        self._last_begun = NEVER
        self._left = 0
        self.found_nothing = False

    def is_due(self, kept: Retention) -> bool:
        now = datetime.now(UTC)
        others = (timedelta(minutes=least) for least in kept.steps_of_completed if least < kept.longest_completed)
        return self.is_under_way or (
            super().is_due(kept)
            and any(self._begins + least <= now and self._last_begun < self._begins + least + DAY for least in others)
        )

    def _note(self, read: int, gone: int) -> None:
        if not self.is_under_way:
            self._last_begun, self._left = datetime.now(UTC), 0
        self._left += read - gone

    def _end(self) -> None:
        super()._end()
        self.found_nothing = not self._left


def everything(kept: Retention) -> tuple[int, int]:
    """Delete all that is not kept, for a person who asks for it; returns how many rows, and how many days before."""
    database = EngineConnection()
    while history.put_away(database):
        pass
    days = history.days(database)
    database.close()
    fold.to_the_end()
    cancel_waiting(kept)
    walks = {day: DayWalk(day) for day in drop_days(kept)}
    gone = sum(_to_the_end(walk, kept) for walk in (*walks.values(), *map(Walk, SHELVES)))
    left = drop_days(kept, [day for day, walk in walks.items() if walk.found_nothing])
    return gone, len(days) - len(left)


def _is_counted(kept: Retention) -> bool:
    """Whether all that may go is in the figures. If these have not come on for a day, the disk matters more."""
    until = fold.folded_until()
    late = datetime.now(UTC) - until if until else timedelta()
    return late <= timedelta(minutes=least_of_jobs(kept)) / 2 or late > DAY


def cancel_waiting(kept: Retention) -> int:
    """Cancel ready jobs that nobody has claimed for too long, at most a thousand of each queue; returns how many."""
    minutes = {queue: kept.others("queues", "pending").get(queue, kept.pending) for queue in queue_names()}
    return sum(
        interventions.end(WAITED, [queue, least], cancelled("Nobody claimed it."), "ready_at, id")
        for queue, least in minutes.items()
        if least < FOR_EVER
    )


def drop_days(kept: Retention, empty: Collection[date] = ()) -> list[date]:
    """Drop the days of which nothing is kept any more, and those found `empty`; returns the days that are left.

    A day that somebody is reading stays until the next time.
    """
    with connection.cursor() as cursor:
        days = history.days(DjangoConnection(cursor))
    # The tables of today and yesterday are always there.
    over = [day for day in days if day < datetime.now(UTC).date() - DAY and (day in empty or _is_past(day, kept))]
    dropped = {day for day in over if _detach(day, only_empty=not _is_past(day, kept))}
    with connection.cursor() as cursor:
        history.drop_detached(DjangoConnection(cursor))
    return [day for day in days if day not in dropped]


def _is_past(day: date, kept: Retention) -> bool:
    ended = datetime(day.year, day.month, day.day, tzinfo=UTC) + DAY
    return ended + timedelta(minutes=kept.longest_completed) <= datetime.now(UTC)


def _detach(day: date, *, only_empty: bool) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            history.detach(DjangoConnection(cursor), day, only_empty=only_empty)
    except (OperationalError, ProgrammingError, history.NotEmpty) as error:
        log.info("The table of %s stays for now: %s", day, type(error).__name__)
        return False
    return True


def _to_the_end(walk: Walk, kept: Retention) -> int:
    gone = walk.bite(kept)
    while walk.is_under_way:
        gone += walk.bite(kept)
    return gone


def _end_stranded(chains: list[str]) -> None:
    while interventions.end(STRANDED, [chains], cancelled("The step before it is no longer kept.")):
        pass


def _id_of(minutes: int) -> str:
    # Ids sort by time of creation.
    before = datetime.now(UTC) - timedelta(minutes=minutes)
    return str(uuid.UUID(int=max(0, int(before.timestamp() * 1000)) << 80))
