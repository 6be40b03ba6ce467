"""The fold: counts each run, arrival and death in the ledger once, into minutes.

The rows that end a run are what is counted, so a run pays nothing for its figures. Each bite is one transaction, which
also notes how far the fold has come, and holds the lock of that note: a fold that dies has counted nothing twice, and
two never work at once.

Rows are found by their time and recognised by the transaction that wrote them. The time is a lower bound only: a
transaction that was not over at the last snapshot had either written by then, and its rows are no older than its
beginning, or it wrote later: in a statement that ran by then, or in one that had not begun.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from django.db import connection, transaction

from askpro.queues.ledger.database import Connection, DjangoConnection
from askpro.queues.metrics import fold_sql

# Seconds of one look. The other slow chores wait for it.
BUDGET: Final = 0.5
# Rows are looked for from so long before the last snapshot at least: some were finished before they were put there.
MARGIN: Final = timedelta(seconds=5)
# After a change of the server's clock, or in another cluster, rows of this time are looked at.
UNSURE: Final = timedelta(hours=1)
# A bite is so much time of the ledger, and up to the second one where little happened.
SPAN: Final = timedelta(minutes=1)
MOST_SPAN: Final = timedelta(minutes=15)
# Over a time of which there is no row at all, it leaps: by so many times as much as before, and up to so far.
STRIDE: Final = 8
MOST_EMPTY: Final = timedelta(days=1000)
FEW: Final = 5_000
MOST_DELTAS: Final = 5_000
# Seconds as JSON are not exact.
ROUNDED: Final = timedelta(milliseconds=1)
MASK: Final = 0xFFFF_FFFF
HALF: Final = 0x8000_0000


@dataclass(frozen=True, slots=True)
class State:
    """The note of how far the fold has come; see `MetricFold`."""

    is_same_cluster: bool
    counted: str
    counted_at: datetime
    running: Mapping[str, float]
    reading: str
    reading_at: datetime | None
    reading_running: Mapping[str, float]
    place: datetime | None

    @classmethod
    def locked(cls, database: Connection, *, waits: bool = False) -> Self | None:
        """Read and lock it for this transaction; None while another process folds, unless it `waits` for that."""
        lock = fold_sql.LOCK + ("" if waits else fold_sql.UNLESS_LOCKED)
        rows = database.rows(lock)
        if not rows and database.rows("SELECT NOT EXISTS (SELECT 1 FROM queues_metricfold)")[0][0]:
            database.rows(fold_sql.BEGIN)
            rows = database.rows(lock)
        if not rows:
            return None
        same, counted, counted_at, running, reading, reading_at, then_running, place = rows[0]
        return cls(same, counted, counted_at, json.loads(running), reading, reading_at, json.loads(then_running), place)


class Folder:
    """One process's fold. Each look continues where the last one of any process stopped.

    While another process folds, it does nothing, or `waits` for its turn.
    """

    def __init__(self, *, waits: bool = False) -> None:
        self._waits = waits
        self._span = SPAN

    def look(self, budget: float = BUDGET) -> int:
        """Fold what is new, for so many seconds at most; returns how many rows were counted."""
        until, counted = time.monotonic() + budget, 0
        while True:
            rows, is_done = self.bite()
            counted += rows
            if is_done or time.monotonic() >= until:
                return counted

    def bite(self) -> tuple[int, bool]:
        """Fold the next stretch of time; returns how many rows were counted, and whether nothing is left for now."""
        with transaction.atomic(), connection.cursor() as cursor:
            database = DjangoConnection(cursor)
            database.rows(fold_sql.SESSION)
            state = State.locked(database, waits=self._waits)
            if state is None:
                return 0, True
            if not state.reading or not state.is_same_cluster:
                _open(database, state)
                state = State.locked(database) or state
            return self._fold(database, state)

    def _fold(self, database: Connection, state: State) -> tuple[int, bool]:
        assert state.place is not None and state.reading_at is not None
        place = _leap(database, state.place, state.reading_at)
        until = place + self._span
        is_last = until > state.reading_at
        where = {"counted": state.counted, "reading": state.reading, "from": place}
        rows = database.rows(fold_sql.FOLD, {**where, "until": "infinity" if is_last else until})[0][0]
        deltas = database.rows(fold_sql.DELTAS, {"most": MOST_DELTAS})[0][0]
        database.rows(fold_sql.CLOSE if is_last else fold_sql.PLACE, {"place": until})
        self._span = SPAN if is_last or rows > FEW else min(self._span * 2, MOST_SPAN)
        return rows + deltas, is_last and deltas < MOST_DELTAS


def to_the_end() -> int:
    """Fold everything that is in the ledger now, after whoever else folds; returns how many rows this call counted."""
    return Folder(waits=True).look(float("inf"))


def folded_until() -> datetime | None:
    """Every run that had been settled by then is counted; None before the first fold."""
    with connection.cursor() as cursor:
        rows = DjangoConnection(cursor).rows("SELECT counted_at FROM queues_metricfold")
    return rows[0][0] if rows else None


def _open(database: Connection, state: State) -> None:
    """Take the snapshot up to which is counted next, and find where its rows begin."""
    now, at, said = database.rows(fold_sql.RUNNING, {"margin": MARGIN})[0]
    reading = database.rows(fold_sql.SNAPSHOT)[0][0]
    still = running_in(reading, {**state.running, **json.loads(said)})
    # The transactions of another cluster have other numbers: there, time alone tells what is new.
    counted = state.counted if state.is_same_cluster else fold_sql.NOTHING
    place = _begin(database, state, now, still)
    values = {"counted": counted, "reading": reading, "at": at, "running": json.dumps(still), "place": place}
    database.rows(fold_sql.OPEN, values)


def _begin(database: Connection, state: State, now: datetime, still: Mapping[str, float]) -> datetime:
    """The earliest time of a row that `counted` does not show and the new snapshot does."""
    if state.counted_at.timestamp() == 0:
        begin: datetime = database.rows(fold_sql.FIRST)[0][0]
        return begin
    if not state.is_same_cluster:
        return state.counted_at
    over = [datetime.fromtimestamp(begun, now.tzinfo) for xid, begun in state.running.items() if xid not in still]
    begin = min([state.counted_at, *(since - ROUNDED for since in over)])
    # The server's clock was set back: what ended before that has later times than what ends now.
    return begin if now >= state.counted_at else min(begin, now - UNSURE)


def _leap(database: Connection, place: datetime, end: datetime) -> datetime:
    """Where to go on: there is no row between here and there. It may be years, whose rows nobody has any more."""
    span = MOST_SPAN
    while place + span < end:
        if not database.rows(fold_sql.IS_THERE, {"from": place, "until": place + span})[0][0]:
            place, span = place + span, min(span * STRIDE, MOST_EMPTY)
        elif span > MOST_SPAN:
            span = max(span / STRIDE, MOST_SPAN)
        else:
            break
    return place


def running_in(snapshot: str, begun: Mapping[str, float]) -> dict[str, float]:
    """Those transactions that were running when a snapshot was taken, by their numbers.

    A snapshot is `xmin:xmax:running`; what had a number from `xmax` on was running as well. It has numbers of 64 bits,
    what the server says of its sessions the lower 32 of them.
    """
    _, following, running = snapshot.split(":")
    numbers = {int(xid) & MASK for xid in running.split(",") if xid}
    return {
        xid: since for xid, since in begun.items() if int(xid) in numbers or (int(xid) - int(following)) & MASK < HALF
    }
