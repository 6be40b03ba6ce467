"""What a whole call costs, from its webhook to the accepted SMS: jobs, log, bytes and processor time."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection

from askpro.dev.bench.sides.meter import Meter
from askpro.dev.bench.sides.program import Program

STANDING = """
SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn, pg_database_size(current_database()),
       (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()),
       (SELECT count(*) FROM queues_job)
"""


@dataclass(frozen=True, slots=True)
class CallCost:
    """Per call: jobs and commits; bytes of log and bytes that stay; seconds of processor time."""

    jobs: float
    commits: float
    log: float
    kept: float
    web: float
    workers: float
    postgres: float | None
    redis: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class CallMeter:
    """Reads the counters when it is created, and again at `read`."""

    def __init__(self, web: Program, workers: Program) -> None:
        self._web, self._workers = Meter(web), Meter(workers)
        self._first = _standing()

    def read(self, calls: int) -> CallCost:
        log, kept, commits, jobs = ((now - then) / calls for now, then in zip(_standing(), self._first, strict=True))
        web, workers = self._web.read(), self._workers.read()
        return CallCost(
            jobs=jobs,
            commits=commits,
            log=log,
            kept=kept,
            web=web.workers / calls,
            workers=workers.workers / calls,
            postgres=None if workers.postgres is None else workers.postgres / calls,
            redis=workers.redis / calls,
        )


def _standing() -> tuple[float, ...]:
    with connection.cursor() as cursor:
        cursor.execute(STANDING)
        return tuple(float(value) for value in cursor.fetchone())
