"""Where looks for the oldest rows begin: where the last one found the oldest. The whole is looked at now and then.

PostgreSQL keeps the index entries of rows that are gone for as long as somebody's snapshot may see the rows: 800 jobs a
second leave a quarter of a million in five minutes, and all of them lie before the oldest row that is still there.
"""

import time
from datetime import UTC, datetime, timedelta

from askpro.queues.ledger.database import Connection

# A look at the whole that takes no longer than CHEAP is always affordable: then every look is one. From there on they
# take at most one RATIO-th of the time, but none is put off for more than LONGEST. Nanoseconds.
CHEAP = 2_000_000
RATIO = 100
LONGEST = 60_000_000_000
# Rows that are younger than this are never passed over: their transactions may commit late.
MARGIN = "interval '5 seconds'"
YOUNG = f"statement_timestamp() - {MARGIN}"
# Before every row.
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# What a floor remembers, as 64-bit numbers: its place in microseconds since 1970; the monotonic nanoseconds at which
# the whole is due; the nanoseconds that the last look at the whole took.
PLACE, DUE, COST = range(3)
CELLS = 3


class Floor:
    """The floor of one statement, or of one queue in it. In shared memory, it serves several processes.

    What appears below it, with an older time than others had when they were found, is seen by the next look at the
    whole: usually the next look.
    """

    def __init__(self, cells: memoryview | None = None) -> None:
        self._cells = memoryview(bytearray(8 * CELLS)).cast("q") if cells is None else cells
        self._began = 0
        self._is_whole = True

    def since(self) -> datetime:
        """Where the look that begins now shall begin."""
        self._began = time.monotonic_ns()
        self._is_whole = self._began >= self._cells[DUE]
        if not self._is_whole:
            return ALWAYS + self._cells[PLACE] * MICROSECOND
        # One process looks at the whole; the others that share the floor begin there meanwhile.
        self._cells[DUE] = self._began + _pause(self._cells[COST])
        return ALWAYS

    def found(self, database: Connection, oldest: datetime | None) -> None:
        """The look has ended, and `oldest` is the time of the oldest row that it found, or `YOUNG` if that is older."""
        now = time.monotonic_ns()
        if self._is_whole:
            cost = now - self._began
            # It may have been slow for other reasons: the cheaper one of the last two counts.
            self._cells[DUE] = now + _pause(min(cost, self._cells[COST]))
            self._cells[COST] = cost
        if self._cells[DUE] > now:
            self._cells[PLACE] = _microseconds(oldest or database.rows(f"SELECT {YOUNG}")[0][0])

    def lower(self, milliseconds: int) -> None:
        """A row that came so long after the beginning of 1970, rounded, is back: the next look shall see it."""
        self._cells[PLACE] = min(self._cells[PLACE], (milliseconds - 1) * 1000)

    def forget(self) -> None:
        """The next look shall be one at the whole."""
        self._cells[DUE] = 0


def _pause(cost: int) -> int:
    return min(max(cost - CHEAP, 0) * RATIO, LONGEST)


def _microseconds(moment: datetime) -> int:
    return (moment - ALWAYS) // MICROSECOND
