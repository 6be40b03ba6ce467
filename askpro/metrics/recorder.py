"""Notes figures in memory, at the cost of one append, and writes them every few seconds in a thread of its own.

Each process writes rows of its own and changes none, so nobody waits for anybody. A job never waits for its figures
and no job's transaction has them: they are written on a connection that is opened for it, in autocommit. While
PostgreSQL is away they are kept, summed, up to MOST_SERIES; what does not fit is counted as lost. The last seconds of
a process that is killed are lost, and those of a flush whose connection broke may count twice.
"""

import atexit
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import psycopg2
from django.conf import settings
from django.db import Error

from askpro.queues.ledger.current import current
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.metrics.histogram import BOUNDS, bucket_of

log = logging.getLogger(__name__)

# Notes that one process holds between two flushes, and sums that it holds while PostgreSQL is away.
MOST_NOTES: Final = 50_000
MOST_SERIES: Final = 5_000
# Rows of one statement.
AT_ONCE: Final = 1_000
# Seconds that the end of a process waits for its last figures.
LAST_FLUSH: Final = 2.0
# The longest names that are kept: they are the code's own, so none is cut.
LONGEST: Final = 100
VENDOR, REQUEST, WEBHOOK, LOST = "vendor", "request", "webhook", "lost"
INSERT = """
INSERT INTO metrics_delta (at, kind, name, part, result, company, count, seconds, buckets)
SELECT to_timestamp(minute * 60), kind, name, part, result, company, count, seconds, buckets::bigint[]
  FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::float8[],
              %s::text[]) AS noted (minute, kind, name, part, result, company, count, seconds, buckets)
"""

# The company for which this thread asks where no job says so.
_company: ContextVar[int] = ContextVar("company", default=0)


class Series(NamedTuple):
    """What is counted together: within a minute, of one kind, under these names. `company` is an id; 0: nobody's."""

    minute: int
    kind: str
    name: str
    part: str
    result: str
    company: int


@dataclass(slots=True)
class Sum:
    """How often, how many seconds in all, and how many of each length: one more than there are bounds."""

    count: int = 0
    seconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))

    def add(self, seconds: float) -> None:
        self.count += 1
        self.seconds += seconds
        self.buckets[bucket_of(seconds)] += 1


def note_vendor_call(vendor: str, route: str, result: str, seconds: float, company_id: int | None = None) -> None:
    """Note an exchange with a vendor. Without `company_id` it is the running job's, or that of `on_behalf_of`."""
    _recorder.note(VENDOR, vendor, route, result, seconds, company_id or _company_of_now())


def note_request(view: str, status_class: str, seconds: float) -> None:
    """Note a web request: the name of its view, never its path; `status_class` is 2xx, 3xx, 4xx or 5xx."""
    _recorder.note(REQUEST, view, "", status_class, seconds, 0)


def note_webhook(provider: str, result: str) -> None:
    """Note a webhook at the door: what became of it, in a word of the code's own."""
    _recorder.note(WEBHOOK, provider, "", result, 0.0, 0)


@contextmanager
def on_behalf_of(company_id: int) -> Iterator[None]:
    """Within the block, vendors are asked for this company; in a job with a `company_id` it is the job's anyway."""
    token = _company.set(company_id)
    try:
        yield
    finally:
        _company.reset(token)


def flush() -> int:
    """Write what was noted in this process; returns how many rows. While PostgreSQL is away it is kept, and 0."""
    return _recorder.flush()


def flush_at_the_end() -> None:
    """The same at the end of a process, which does not wait for a PostgreSQL that hangs."""
    _recorder.flush_at_the_end()


class Recorder:
    """One process's figures."""

    def __init__(self) -> None:
        self._notes: deque[tuple[float, str, str, str, str, float, int]] = deque(maxlen=MOST_NOTES)
        self._sums: dict[Series, Sum] = {}
        self._lost = 0
        self._writing, self._starting = threading.Lock(), threading.Lock()
        self._thread: threading.Thread | None = None

    def note(self, kind: str, name: str, part: str, result: str, seconds: float, company: int) -> None:
        # Appending needs no lock: a time limit may strike a job's thread anywhere, and must not leave one behind.
        if len(self._notes) == MOST_NOTES:
            self._lost += 1
        self._notes.append((time.time(), kind, name[:LONGEST], part[:LONGEST], result[:LONGEST], seconds, company))
        if self._thread is None:
            self._start()

    def flush(self) -> int:
        with self._writing:
            self._sum_up()
            try:
                return self._write()
            except (psycopg2.Error, Error) as error:
                # Whatever PostgreSQL says against it, the next flush tries again: it must not end the thread.
                log.warning("Figures wait for PostgreSQL: %s", type(error).__name__, extra={"cause": error})
                return 0

    def flush_at_the_end(self) -> None:
        if self._thread is None:
            return
        last = threading.Thread(target=self.flush, name="last figures", daemon=True)
        try:
            last.start()
            last.join(LAST_FLUSH)
        except RuntimeError:
            self.flush()  # Later releases of Python start no thread at the end of a process.

    def _start(self) -> None:
        if not settings.METRICS_FLUSH_SECONDS or not self._starting.acquire(blocking=False):
            return
        try:
            if self._thread is None:
                thread = threading.Thread(target=self._keep_flushing, name="figures", daemon=True)
                thread.start()
                self._thread = thread
                atexit.register(self.flush_at_the_end)
        except RuntimeError as error:
            # There is no room for another thread. The next note tries again; no job fails for its figures.
            log.warning("Figures are not written: %s", error)
        finally:
            self._starting.release()

    def _keep_flushing(self) -> None:
        while True:
            time.sleep(settings.METRICS_FLUSH_SECONDS)
            self.flush()

    def _sum_up(self) -> None:
        while self._notes:
            at, kind, name, part, result, seconds, company = self._notes.popleft()
            series = Series(int(at // 60), kind, name, part, result, company)
            if series not in self._sums and len(self._sums) >= MOST_SERIES:
                # Companies are what there may be many of; beyond twice as many, figures are lost.
                series = series._replace(company=0)
                if series not in self._sums and len(self._sums) >= 2 * MOST_SERIES:
                    self._lost += 1
                    continue
            self._sums.setdefault(series, Sum()).add(max(seconds, 0.0))
        if self._lost:
            lost, self._lost = self._lost, 0
            self._sums.setdefault(Series(int(time.time() // 60), LOST, "", "", "", 0), Sum()).count += lost

    def _write(self) -> int:
        written, database = 0, EngineConnection()
        try:
            while self._sums:
                rows = list(self._sums.items())[:AT_ONCE]
                database.rows(INSERT, _columns(rows))
                for series, _ in rows:
                    del self._sums[series]
                written += len(rows)
        finally:
            # Not kept: every worker of every host would hold one, for a row every few seconds.
            database.close()
        return written


def _columns(rows: Sequence[tuple[Series, Sum]]) -> list[list[object]]:
    values = [
        (*series, each.count, each.seconds, "{" + ",".join(map(str, each.buckets)) + "}") for series, each in rows
    ]
    return [list(column) for column in zip(*values, strict=True)]


def _company_of_now() -> int:
    claim = current.claim
    of_job = claim.kwargs.get("company_id") if claim is not None else None
    return of_job if isinstance(of_job, int) else _company.get()


def _begin_anew() -> None:
    """In a fork: what the parent noted is the parent's, and its thread is not here."""
    global _recorder
    _recorder = Recorder()


_recorder = Recorder()
os.register_at_fork(after_in_child=_begin_anew)
