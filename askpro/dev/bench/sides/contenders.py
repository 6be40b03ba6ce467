"""The two sides of a measurement of jobs: our engine, and Dramatiq's RedisBroker."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Max
from dramatiq import Message, get_broker

from askpro.dev.bench import tasks
from askpro.dev.bench.queue_settings import FAIR, PLAIN, PROCESSES, THREADS
from askpro.dev.bench.sides.meter import Cost, Meter
from askpro.dev.bench.sides.peer import GROUPS, NAME, Peer
from askpro.dev.bench.sides.program import Program
from askpro.dev.up.failure import Failure
from askpro.queues import chain
from askpro.queues.ids import uuid7
from askpro.queues.jobs.batches import Batch
from askpro.queues.ledger import hints
from askpro.queues.models import Job, Worker

AT_ONCE = 1000
# Seconds between two checks whether all jobs are done.
LOOK_EVERY = 0.01
DRAIN_SECONDS = 120.0
# Seconds a side gets to become idle: longer than our consumers avoid Redis after they were suspended.
IDLE_SECONDS = 0.8
# Each half has its partial index.
UNFINISHED = """
SELECT EXISTS (SELECT 1 FROM queues_job_live WHERE status = 'queued')
    OR EXISTS (SELECT 1 FROM queues_job_live WHERE status = 'processing')
"""


@dataclass(frozen=True, slots=True)
class Run:
    """`jobs` were sent to idle workers, which were then released. Times in seconds."""

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
    kept = "a row, which also tells its run"

    def __init__(self, folder: Path, environment: str = "bench") -> None:
        argv = (sys.executable, "-m", "django", "queues_run", "--environment", environment)
        self.program = Program("askpro", argv, folder)
        # redis-py's types also include those of its asyncio client.
        self._redis: Any = hints.connect(5.0)

    def wait(self) -> None:
        self.program.wait(lambda: Worker.objects.filter(status=Worker.Status.RUNNING).count() == PROCESSES)

    def send(self, kind: str, **arguments: Any) -> None:
        getattr(tasks, kind).send(**arguments)

    def send_chain(self, length: int) -> None:
        """Send a chain of `length` steps; the last one reports its start."""
        chain([*(tasks.empty.message() for _ in range(length - 1)), tasks.start.message()]).send()

    def run(self, kind: str, arguments: Sequence[dict[str, Any]]) -> Run:
        return self._drain(len(arguments), lambda: self._send_many(kind, arguments))

    def run_batch(self, size: int) -> Run:
        """Run the members, then `on_finish`."""

        def send() -> None:
            Batch([tasks.empty.message() for _ in range(size)], on_finish=tasks.empty.message()).send()

        return self._drain(size + 1, send)

    def run_chains(self, count: int, length: int) -> Run:
        def send() -> None:
            for _ in range(count):
                chain([tasks.empty.message() for _ in range(length)]).send()

        return self._drain(count * length, send)

    def finish(self) -> None:
        """Let the workers run the jobs that were sent while they were suspended."""
        self.program.release()
        self._wait()

    def _drain(self, jobs: int, send: Callable[[], object]) -> Run:
        """All jobs are written in one transaction; its commit sets the idle workers to work and starts the clock.

        The clock is PostgreSQL's. It stops when the last job's completion is written.
        """
        self.program.release()
        time.sleep(IDLE_SECONDS)
        before = uuid7()
        time.sleep(0.001)  # so that later ids are greater
        began = time.monotonic()
        with transaction.atomic():
            send()
            meter, clock = Meter(self.program), one("SELECT clock_timestamp()")
        enqueued_in = time.monotonic() - began
        self._wait()
        cost = meter.read()
        done, last = self._completed_since(before)
        if done != jobs:
            raise Failure(f"{done} of {jobs} jobs completed: the figure would mean nothing.")
        return Run(jobs, enqueued_in, (last - clock).total_seconds(), cost)

    def _wait(self) -> None:
        until(lambda: self._hinted() == 0 and not one(UNFINISHED), self.program)

    def _send_many(self, kind: str, arguments: Sequence[dict[str, Any]]) -> None:
        actor, broker = getattr(tasks, kind), get_broker()
        for start in range(0, len(arguments), AT_ONCE):
            messages: list[Message[Any]] = [actor.message(**each) for each in arguments[start : start + AT_ONCE]]
            broker.send_many(messages)  # type: ignore[attr-defined]

    def _hinted(self) -> int:
        """The number of ids still in Redis: asking there saves most of the queries to PostgreSQL."""
        return sum(int(client.llen(hints.key(queue))) for queue in (PLAIN, FAIR)) if (client := self._redis) else 0

    @staticmethod
    def _completed_since(before: UUID) -> tuple[int, datetime]:
        """How many jobs with later ids are completed, and when the last was; there may be millions of others."""
        done = Job.objects.filter(pk__gt=before, status=Job.Status.COMPLETED)
        found = done.aggregate(Count("pk"), Max("finished_at"))
        return found["pk__count"], found["finished_at__max"] or datetime.max.replace(tzinfo=UTC)


class RedisBroker:
    """Dramatiq's own command line. Its queue is empty only after the last acknowledgement."""

    kept = "nothing"

    def __init__(self, folder: Path, prefetch: int = 0, *, groups: bool = False) -> None:
        self.name = f"RedisBroker, prefetch {prefetch}" if prefetch else "RedisBroker"
        key = f"{'groups' if groups else 'prefetch'}-{prefetch}" if prefetch else "default"
        self._peer = Peer(key, groups=groups)
        argv = (sys.executable, "-m", "dramatiq", "askpro.dev.bench.sides.peer_worker:broker", "--skip-logging")
        size = ("--processes", str(PROCESSES), "--threads", str(THREADS))
        env = {NAME: key, GROUPS: "1" if groups else ""}
        if prefetch:
            env["dramatiq_queue_prefetch"] = str(prefetch)
        self.program = Program(f"redisbroker-{key}", (*argv, *size), folder, env)

    def wait(self) -> None:
        self.send("empty")
        self.program.wait(lambda: self._peer.unfinished == 0)

    def send(self, kind: str, **arguments: Any) -> None:
        getattr(self._peer, kind).send(**arguments)

    def send_chain(self, length: int) -> None:
        """Send a pipeline of `length` jobs, each sent when the one before it ends; the last one reports its start."""
        self._peer.send_pipeline([*[self._peer.empty] * (length - 1), self._peer.start])

    def run(self, kind: str, arguments: Sequence[dict[str, Any]]) -> Run:
        def send() -> None:
            for each in arguments:
                self.send(kind, **each)

        return self._drain(len(arguments), send)

    def run_batch(self, size: int) -> Run:
        """Run a group, then its completion callback."""
        return self._drain(size + 1, lambda: self._peer.send_group(size))

    def run_chains(self, count: int, length: int) -> Run:
        def send() -> None:
            for _ in range(count):
                self._peer.send_pipeline([self._peer.empty] * length)

        return self._drain(count * length, send)

    def _drain(self, jobs: int, send: Callable[[], object]) -> Run:
        """It cannot send many at once, so the workers are suspended until all are sent."""
        self.program.hold()
        began = time.monotonic()
        send()
        enqueued_in = time.monotonic() - began
        meter = Meter(self.program)
        began = time.monotonic()
        self.program.release()
        until(lambda: self._peer.unfinished == 0, self.program)
        return Run(jobs, enqueued_in, time.monotonic() - began, meter.read())


Side = Ours | RedisBroker


class Contender(Protocol):
    """A side that takes turns in a round."""

    name: str
    # What remains in SQL of a completed job.
    kept: str
    program: Program


def until(condition: Callable[[], bool], program: Program, every: float = LOOK_EVERY) -> None:
    limit = time.monotonic() + DRAIN_SECONDS
    while not condition():
        program.check()
        if time.monotonic() > limit:
            raise Failure(f"{program.name} did not get its jobs done within {DRAIN_SECONDS:.0f} s.")
        time.sleep(every)


def one(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    return row[0] if row else None
