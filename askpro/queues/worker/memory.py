"""By how much one run lets its process grow: measured now and then, when no other run could be the reason."""

import logging
import os
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import psycopg2

from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.database import Connection

log = logging.getLogger(__name__)

# Seconds between two measurements, and between two rows of them.
MEASURE_EVERY: Final = 1.0
WRITE_EVERY: Final = 60.0
STATM: Final = Path("/proc/self/statm")
PAGE: Final = os.sysconf("SC_PAGE_SIZE")
WRITE: Final = """
INSERT INTO queues_metricdelta (what, queue_name, actor_name, count, total)
SELECT 'memory', * FROM unnest(%s::varchar[], %s::varchar[], %s::int8[], %s::float8[])
"""


class MemoryOfRuns:
    """One process's measurements. A run that another one overlapped is not measured: the growth might be the other's.

    Python keeps what it has freed for the next run, so that a mean over many runs tells a leak, not a single run.
    """

    def __init__(self) -> None:
        self._due = 0.0
        self._written_at = time.monotonic()
        self._starts = 0
        # The run that is being measured: its claim, the count of starts, and the bytes before it.
        self._measured: tuple[Claim, int, int] | None = None
        self._grown: dict[tuple[str, str], list[int]] = defaultdict(list)

    def starting(self, claim: Claim, *, is_alone: bool) -> None:
        """A run begins, and is the only one in the process or not."""
        self._starts += 1
        if is_alone and (now := time.monotonic()) >= self._due:
            self._due = now + MEASURE_EVERY
            self._measured = (claim, self._starts, private_bytes())

    def finished(self, claim: Claim) -> None:
        """A run has ended."""
        if self._measured is not None and self._measured[0] is claim:
            _, starts, before = self._measured
            self._measured = None
            if starts == self._starts:
                self._grown[claim.queue_name, claim.actor_name].append(private_bytes() - before)

    def write(self, database: Connection, *, is_last: bool = False) -> None:
        """Append what was measured, once a minute. Measurements that cannot be written are lost."""
        if not is_last and time.monotonic() - self._written_at < WRITE_EVERY:
            return
        self._written_at, grown, self._grown = time.monotonic(), self._grown, defaultdict(list)
        rows = [(*name, len(measured), float(sum(measured))) for name, measured in _frozen(grown)]
        if not rows:
            return
        try:
            database.rows(WRITE, tuple(map(list, zip(*rows, strict=True))))
        except psycopg2.Error as error:
            log.info("Measurements of memory are lost: %s", type(error).__name__)


def private_bytes() -> int:
    """The memory of this process that no file backs; 0 where the system does not tell."""
    try:
        _, resident, shared, *_ = STATM.read_text().split()
    except OSError:
        return 0
    return (int(resident) - int(shared)) * PAGE


def _frozen(grown: Mapping[tuple[str, str], Sequence[int]]) -> list[tuple[tuple[str, str], list[int]]]:
    """A run that ends just now may still append."""
    return [(name, [*measured]) for name, measured in [*grown.items()]]
