"""The workers' part of a profile: whatever worker begins the next run of a wanted kind of job samples it, and one that
has a wanted run already joins it.
"""

import json
import logging
import threading
import time
import zlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg2

from askpro.queues.fleet.host import hostname
from askpro.queues.insight.record import record_of
from askpro.queues.insight.sampler import Sampler, Samples
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.database import Connection

log = logging.getLogger(__name__)

# What one run's stacks may take, packed, and runs that wait to be written while PostgreSQL is away.
LARGEST = 2_000_000
MOST_WAITING = 5
NEWEST = "SELECT coalesce(max(id), 0) FROM queues_profile"
OPEN = """
SELECT id, actor_name, job_id::text, claim_no, seconds, extract(epoch FROM until - clock_timestamp())::float8
  FROM queues_profile
 WHERE until > clock_timestamp() AND begun < wanted ORDER BY id DESC LIMIT 100
"""
BEGIN = """
UPDATE queues_profile SET begun = begun + 1
 WHERE id = %s AND begun < wanted AND until > clock_timestamp() RETURNING id
"""
KEEP = """
INSERT INTO queues_profiledrun (profile_id, job_id, claim_no, worker_id, host, at, seconds, samples, stacks)
SELECT id, %s, %s, %s, %s, clock_timestamp(), %s, %s, %s FROM queues_profile WHERE id = %s
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A profile that still wants runs: `until` in monotonic seconds."""

    number: int
    seconds: float
    until: float


@dataclass(frozen=True, slots=True)
class Sampling:
    """A run that is being sampled, for a profile."""

    profile: int
    claim: Claim
    sampler: Sampler


def newest(database: Connection) -> int:
    """The number of the newest profile that was asked for; 0 without any."""
    ((number,),) = database.rows(NEWEST)
    return int(number)


class Profiler:
    """Of one worker process: knows which kinds of job are wanted, and samples their runs, one at a time."""

    def __init__(self, worker_id: int, database: Connection) -> None:
        self._worker_id = worker_id
        self._database = database
        # Unknown at first: there may be some from before this process.
        self._seen = -1
        self._starting = threading.Lock()
        self._ending = threading.Lock()
        self._sampling: Sampling | None = None
        self._sampled: deque[tuple[int, Claim, Samples]] = deque(maxlen=MOST_WAITING)
        # By the name of the actor. Empty almost always: then the engine does not call `begin`.
        self.wanted: dict[str, Wanted] = {}
        # By job and claim: runs that were under way when somebody asked.
        self._joined: dict[tuple[str, int], Wanted] = {}

    def look(self, calls: int) -> None:
        """Read what is wanted if this process was called since, `calls` times in all. Raises one of
        `CONNECTION_ERRORS`."""
        if calls != self._seen:
            self._read()
            self._seen = calls

    def begin(self, claim: Claim) -> None:
        """Sample this run if somebody wants it. While PostgreSQL does not answer, it is not sampled."""
        wanted = self.wanted.get(claim.actor_name)
        if wanted is None:
            return
        with self._starting:
            if self._sampling is None and self._is_mine(claim, wanted):
                self._start(claim, wanted, Sampler(threading.get_ident(), wanted.seconds))

    def join(self, running: Iterable[Claim]) -> None:
        """Sample one of these runs if somebody wants it, and keep what was sampled for long enough."""
        if (sampling := self._sampling) is not None and not sampling.sampler.is_alive():
            self._keep(sampling)
        if not self._joined:
            return
        for claim in running:
            wanted = self._joined.get((claim.id, claim.claim_no))
            thread = claim.thread_id
            if wanted is None or not thread:
                continue
            with self._starting:
                if self._sampling is None and self._is_mine(claim, wanted):
                    # It may end meanwhile, and the thread then begins another one.
                    self._start(claim, wanted, Sampler(thread, wanted.seconds, partial(_is_in, claim, thread)))

    def end(self, claim: Claim) -> None:
        """The run has ended, in this thread."""
        sampling = self._sampling
        if sampling is not None and sampling.claim is claim:
            self._keep(sampling)

    def write(self) -> None:
        """Write what was sampled. Raises one of `CONNECTION_ERRORS`."""
        while self._sampled:
            number, claim, samples = self._sampled[0]
            self._database.rows(
                KEEP,
                (
                    *(claim.id, claim.claim_no, self._worker_id, hostname()),
                    *(samples.seconds, len(samples.stacks), psycopg2.Binary(_packed(samples)), number),
                ),
            )
            self._sampled.popleft()

    def _read(self) -> None:
        now = time.monotonic()
        wanted: dict[str, Wanted] = {}
        joined: dict[tuple[str, int], Wanted] = {}
        for number, name, job_id, claim_no, seconds, left in self._database.rows(OPEN):
            each = Wanted(number, seconds, now + left)
            if job_id is None:
                wanted[name] = each
            else:
                joined[job_id, claim_no] = each
        self.wanted, self._joined = wanted, joined

    def _start(self, claim: Claim, wanted: Wanted, sampler: Sampler) -> None:
        try:
            sampler.start()
        except RuntimeError:
            log.warning("No thread can be started to sample a run")
            return
        # With a record, the engine tells of its end.
        record_of(claim)
        self._sampling = Sampling(wanted.number, claim, sampler)

    def _keep(self, sampling: Sampling) -> None:
        """What was sampled will be written. The thread of the run and the one that looks may both be here."""
        with self._ending:
            if self._sampling is not sampling:
                return
            self._sampling = None
        self._sampled.append((sampling.profile, sampling.claim, sampling.sampler.stop()))

    def _is_mine(self, claim: Claim, wanted: Wanted) -> bool:
        try:
            if time.monotonic() < wanted.until and self._database.rows(BEGIN, (wanted.number,)):
                return True
        except psycopg2.Error:
            return False
        # It has all its runs, or its time is over; there may be another one.
        self.wanted = {name: each for name, each in self.wanted.items() if each is not wanted}
        self._joined = {key: each for key, each in self._joined.items() if each is not wanted}
        self._seen = -1
        return False


def _is_in(claim: Claim, thread: int) -> bool:
    """Whether the thread is still at this run."""
    return claim.thread_id == thread


def _packed(samples: Samples) -> bytes:
    """The stacks as they are kept. Of a run that would take too much room, the beginning."""
    stacks, weights = samples.stacks, [round(weight, 4) for weight in samples.weights]
    while True:
        said: dict[str, Any] = {"frames": samples.frames, "stacks": stacks, "weights": weights}
        packed = zlib.compress(json.dumps(said, separators=(",", ":")).encode())
        if len(packed) <= LARGEST or len(stacks) < 2:
            return packed
        stacks, weights = stacks[: len(stacks) // 2], weights[: len(weights) // 2]
