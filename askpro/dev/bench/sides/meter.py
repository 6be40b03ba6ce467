"""Processor time during a measurement: what each side used, and how much other programs took."""

import resource
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import psutil
import redis
from django.conf import settings
from django.db import connection

from askpro.dev.bench.sides.program import Program, used, used_by_ended_children

SERVER = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database() OR (datname IS NULL AND backend_type <> ALL(%s))
"""
# These background processes may work for other databases of the server.
FOREIGN = ["autovacuum launcher", "logical replication launcher"]


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of processor time. `postgres` is None when the server is on another machine."""

    workers: float
    postgres: float | None
    redis: float
    strangers: float
    """Share of the machine's processors, 0 to 1, used neither by what is measured nor by the benchmark."""


class Meter:
    """Reads the counters when it is created, and again at `read`."""

    def __init__(self, *programs: Program) -> None:
        self._programs = programs
        self._began = time.monotonic()
        self._first = self._look()

    def read(self) -> Cost:
        workers, postgres, server, own, busy = (
            None if now is None or then is None else now - then
            for now, then in zip(self._look(), self._first, strict=True)
        )
        assert workers is not None and server is not None and own is not None and busy is not None
        known = workers + (postgres or 0.0) + server + own
        whole = (time.monotonic() - self._began) * (psutil.cpu_count() or 1)
        return Cost(workers, postgres, server, strangers=max(0.0, busy - known) / whole)

    def _look(self) -> tuple[float, float | None, float, float, float]:
        cpu = sum(program.cpu() for program in self._programs)
        return cpu, _postgres(), _redis(), _own(), _machine()


def _own() -> float:
    """The benchmark's own time, including that of load generators that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _machine() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))


def _postgres() -> float | None:
    with connection.cursor() as cursor:
        cursor.execute(SERVER, [FOREIGN])
        pids = [pid for (pid,) in cursor.fetchall()]
    seconds = 0.0
    server: psutil.Process | None = None
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            if not process.name().startswith("postgres"):
                # The server runs on another machine: its pids mean nothing here.
                return None
            seconds += used(process)
            server = server or process.parent()
    # Sessions that have ended meanwhile: their parent has their time.
    return seconds + used_by_ended_children(server) if server else None


def _redis() -> float:
    # redis-py's types also include those of its asyncio client.
    client: Any = _client()
    cpu = client.info("cpu")
    return float(cpu["used_cpu_user"]) + float(cpu["used_cpu_sys"])


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL)
