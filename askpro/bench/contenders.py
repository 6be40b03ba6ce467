"""The two sides of a measurement of jobs: our engine, and Dramatiq's RedisBroker."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import dramatiq
from django.db import connection, transaction
from dramatiq import Message, get_broker

from askpro.bench import tasks
from askpro.bench.meter import Cost, Meter
from askpro.bench.peer import NAME, QUEUE, Peer
from askpro.bench.program import Program
from askpro.bench.queue_settings import PROCESSES, THREADS
from askpro.local.failure import Failure
from askpro.queues import hints
from askpro.queues.models import Job, Worker

AT_ONCE = 1000
WARM_UP = 1000
# Seconds between two looks whether everything is done.
LOOK_EVERY = 0.01
DRAIN_SECONDS = 120.0
# How long a side gets to fall idle. Longer than our consumers stay away from Redis after they were held still.
IDLE_SECONDS = 0.8
# Each half has its partial index.
UNFINISHED = """
SELECT EXISTS (SELECT 1 FROM queues_job WHERE status = 'queued')
    OR EXISTS (SELECT 1 FROM queues_job WHERE status = 'processing')
"""


@dataclass(frozen=True, slots=True)
class Run:
    """So many jobs were sent to idle workers, which were then let loose. Times in seconds."""

    jobs: int
    enqueued_in: float
    drained_in: float
    cost: Cost

    @property
    def rate(self) -> float:
        return self.jobs / self.drained_in

    @property
    def enqueue_rate(self) -> float:
        return self.jobs / self.enqueued_in


class Ours:
    """`queues_run` as in production: the forker, its chores and its workers."""

    name = "AskPro"

    def __init__(self, folder: Path) -> None:
        argv = (sys.executable, "-m", "django", "queues_run", "--environment", "bench")
        self.program = Program("askpro", argv, folder)
        # redis-py's types are those of its asyncio twin as well.
        self._redis: Any = hints.connect(5.0)

    def wait(self) -> None:
        self.program.wait(lambda: Worker.objects.filter(status=Worker.Status.RUNNING).count() == PROCESSES)

    def send(self, kind: str, **arguments: Any) -> None:
        getattr(tasks, kind).send(**arguments)

    def run(self, kind: str, arguments: Sequence[dict[str, Any]]) -> Run:
        """Everything is written in one transaction; its commit lets the idle workers loose, and starts the clock.

        The clock is PostgreSQL's; it stops when the last job's completion is written.
        """
        self.program.release()
        time.sleep(IDLE_SECONDS)
        done_before = self._completed()
        began = time.monotonic()
        with transaction.atomic():
            self._send_many(kind, arguments)
            meter, clock = Meter(self.program), self._clock()
        enqueued_in = time.monotonic() - began
        _until(lambda: self._hinted() == 0 and not _one(UNFINISHED), self.program)
        cost = meter.read()
        if (done := self._completed() - done_before) != len(arguments):
            raise Failure(f"{done} of {len(arguments)} jobs completed: the figure would mean nothing.")
        last: datetime = _one("SELECT max(finished_at) FROM queues_job")
        return Run(len(arguments), enqueued_in, (last - clock).total_seconds(), cost)

    def _send_many(self, kind: str, arguments: Sequence[dict[str, Any]]) -> None:
        actor, broker = getattr(tasks, kind), get_broker()
        for start in range(0, len(arguments), AT_ONCE):
            messages: list[Message[Any]] = [actor.message(**each) for each in arguments[start : start + AT_ONCE]]
            broker.send_many(messages)  # type: ignore[attr-defined]

    def _hinted(self) -> int:
        """Ids still in Redis: looking there spares PostgreSQL most of our looks."""
        return int(client.llen(hints.key(QUEUE))) if (client := self._redis) else 0

    @staticmethod
    def _completed() -> int:
        return Job.objects.filter(status=Job.Status.COMPLETED).count()

    @staticmethod
    def _clock() -> datetime:
        moment: datetime = _one("SELECT clock_timestamp()")
        return moment


class RedisBroker:
    """Dramatiq's own command line. Its queue is empty only after the last acknowledgement."""

    def __init__(self, folder: Path, prefetch: int = 0) -> None:
        self.name = f"RedisBroker, prefetch {prefetch}" if prefetch else "RedisBroker"
        key = f"prefetch-{prefetch}" if prefetch else "default"
        self._peer = Peer(key)
        argv = (sys.executable, "-m", "dramatiq", "askpro.bench.peer_worker:broker", "--skip-logging")
        size = ("--processes", str(PROCESSES), "--threads", str(THREADS))
        env = {NAME: key, **({"dramatiq_queue_prefetch": str(prefetch)} if prefetch else {})}
        self.program = Program(f"redisbroker-{key}", (*argv, *size), folder, env)

    def wait(self) -> None:
        self.send("empty")
        self.program.wait(lambda: self._peer.unfinished == 0)

    def send(self, kind: str, **arguments: Any) -> None:
        getattr(self._peer, kind).send(**arguments)

    def send_pipeline(self, length: int) -> None:
        """So many jobs, each sent by the end of the one before it; the last one tells when it starts."""
        jobs = [self._peer.empty.message_with_options(pipe_ignore=True) for _ in range(length - 1)]
        last = self._peer.start.message_with_options(pipe_ignore=True)
        dramatiq.pipeline([*jobs, last], broker=self._peer.broker).run()  # type: ignore[no-untyped-call]

    def run(self, kind: str, arguments: Sequence[dict[str, Any]]) -> Run:
        """There is no sending of many at once; the workers are held still until everything is there."""
        self.program.hold()
        began = time.monotonic()
        for each in arguments:
            self.send(kind, **each)
        enqueued_in = time.monotonic() - began
        meter = Meter(self.program)
        began = time.monotonic()
        self.program.release()
        _until(lambda: self._peer.unfinished == 0, self.program)
        return Run(len(arguments), enqueued_in, time.monotonic() - began, meter.read())


Side = Ours | RedisBroker


class Arena:
    """All sides, each started when it is first needed and then held still between its turns."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sides: dict[int | None, Side] = {}

    def __enter__(self) -> "Arena":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for side in self._sides.values():
            side.program.ask_to_stop()
        for side in self._sides.values():
            side.program.stop()

    @property
    def ours(self) -> Side:
        return self._side(None)

    def peer(self, prefetch: int = 0) -> RedisBroker:
        """RedisBroker with this prefetch, or with Dramatiq's own."""
        side = self._side(prefetch)
        assert isinstance(side, RedisBroker)
        return side

    def retire_ours(self) -> None:
        """Others are to work its queues."""
        if ours := self._sides.pop(None, None):
            ours.program.stop()

    def _side(self, prefetch: int | None) -> Side:
        if prefetch not in self._sides:
            side = Ours(self._folder) if prefetch is None else RedisBroker(self._folder, prefetch)
            self._sides[prefetch] = side
            side.wait()
            side.run("empty", [{}] * WARM_UP)
            rest(side)
        return self._sides[prefetch]


def rest(side: Side) -> None:
    """Let it fall idle, then hold it still."""
    time.sleep(IDLE_SECONDS)
    side.program.hold()


def _until(condition: Callable[[], bool], program: Program) -> None:
    limit = time.monotonic() + DRAIN_SECONDS
    while not condition():
        program.check()
        if time.monotonic() > limit:
            raise Failure(f"{program.name} did not get its jobs done within {DRAIN_SECONDS:.0f} s.")
        time.sleep(LOOK_EVERY)


def _one(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    return row[0] if row else None
