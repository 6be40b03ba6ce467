"""The production pools on so many processors, job by job: how many get done, and how long each waits.

Processors are shared equally by whoever has something to compute, as the kernel does it. A job computes to be claimed,
waits for somebody outside, and computes to be settled; its process is taken all the while.
"""

import heapq
import random
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from askpro.dev.bench.pressure.mix import QUEUES, SLOW, SLOW_ONE_IN, USUAL

# Of a job's processor time, what passes until its function begins; the sending is a third of PostgreSQL's share.
SENT: Final = 0.15
CLAIMED: Final = 0.45
# Seconds at the beginning that are not counted.
WARM_UP: Final = 2.0


@dataclass(frozen=True, slots=True)
class Result:
    """Jobs done a second, and milliseconds from sending to the function's first line."""

    done: float
    p50: float
    p99: float


@dataclass(slots=True)
class Job:
    sent_at: float
    queue: str
    outside: float


@dataclass(slots=True)
class Processors:
    """Shares `cores` among all that compute; `later` is told when a piece of work is done."""

    cores: int
    now: float = 0.0
    _served: float = 0.0
    _pieces: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _count: int = 0

    def compute(self, seconds: float, then: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._pieces, (self._served + seconds, self._count, then))

    @property
    def next_end(self) -> float:
        if not self._pieces:
            return float("inf")
        return self.now + (self._pieces[0][0] - self._served) / self._share

    def advance(self, until: float) -> None:
        """Let time pass; nothing ends before."""
        if self._pieces:
            self._served += (until - self.now) * self._share
        self.now = until

    def end_one(self) -> None:
        served, _, then = heapq.heappop(self._pieces)
        self._served = max(self._served, served)
        then()

    @property
    def _share(self) -> float:
        return min(1.0, self.cores / len(self._pieces))


class Simulation:
    """`processor` is a job's processor time and `flush` a commit's wait for the disk, in seconds; `pools` the processes
    of each queue."""

    def __init__(
        self, processor: float, cores: int, pools: Mapping[str, int], flush: float = 0.0, seed: int = 1
    ) -> None:
        self._processor, self._flush = processor, flush
        self._processors = Processors(cores)
        self._free = dict(pools)
        self._waiting: dict[str, deque[Job]] = {queue: deque() for queue in pools}
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._random = random.Random(seed)
        self._waits: list[float] = []
        self._done = self._numbers = 0

    def run(self, rate: float, seconds: float) -> Result:
        """Offer `rate` jobs a second, at random moments, for so many seconds."""
        ends_at = WARM_UP + seconds
        for moment, job in self._offered(rate, ends_at):
            self._at(moment, lambda job=job: self._send(job))  # type: ignore[misc]
        while (at := min(self._timers[0][0] if self._timers else ends_at, self._processors.next_end)) < ends_at:
            self._processors.advance(at)
            if self._timers and self._timers[0][0] <= at:
                heapq.heappop(self._timers)[2]()
            else:
                self._processors.end_one()
        waits = sorted(self._waits) or [float("inf")]
        return Result(self._done / seconds, _share(waits, 0.5), _share(waits, 0.99))

    def _offered(self, rate: float, until: float) -> Iterator[tuple[float, Job]]:
        moment, queues = 0.0, [queue for queue, share in QUEUES.items() for _ in range(share)]
        while (moment := moment + self._random.expovariate(rate)) < until:
            slow = self._random.randrange(SLOW_ONE_IN) == 0
            outside = (SLOW if slow else self._random.choice(USUAL)) / 1000
            yield moment, Job(moment, self._random.choice(queues), outside)

    def _at(self, moment: float, then: Callable[[], None]) -> None:
        self._numbers += 1
        heapq.heappush(self._timers, (moment, self._numbers, then))

    def _send(self, job: Job) -> None:
        self._processors.compute(self._processor * SENT, lambda: self._after_flush(lambda: self._arrive(job)))

    def _after_flush(self, then: Callable[[], None]) -> None:
        self._at(self._processors.now + self._flush, then)

    def _arrive(self, job: Job) -> None:
        self._waiting[job.queue].append(job)
        self._claim(job.queue)

    def _claim(self, queue: str) -> None:
        if not self._free[queue] or not self._waiting[queue]:
            return
        self._free[queue] -= 1
        job = self._waiting[queue].popleft()
        self._processors.compute(
            self._processor * (CLAIMED - SENT), lambda: self._after_flush(lambda: self._begin(job))
        )

    def _begin(self, job: Job) -> None:
        if job.sent_at > WARM_UP:
            self._waits.append((self._processors.now - job.sent_at) * 1000)
        settle = self._processor * (1 - CLAIMED)
        self._at(
            self._processors.now + job.outside,
            lambda: self._processors.compute(settle, lambda: self._after_flush(lambda: self._settle(job))),
        )

    def _settle(self, job: Job) -> None:
        self._done += self._processors.now > WARM_UP
        self._free[job.queue] += 1
        self._claim(job.queue)


def _share(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
