"""How many jobs may wait in a process, by what its runs have taught it."""

import heapq
import random
from collections import deque
from collections.abc import Callable

import pytest

from askpro.queues.worker.pace import MEMORY, MOST_AHEAD, RUNS_PER_PLACE, STUCK_AFTER, Pace


def taught(*seconds: float, threads: int = 1) -> Pace:
    pace = Pace(threads)
    for run in seconds:
        pace.ran(run)
    return pace


class TestOneKindOfJob:
    def test_at_first_none_waits(self):
        assert Pace(8).ahead(0) == 0

    @pytest.mark.parametrize(
        ("seconds", "ahead"), [(0.0, MOST_AHEAD), (0.0001, MOST_AHEAD), (0.02, 4), (0.04, 2), (0.09, 1), (0.11, 0)]
    )
    def test_as_many_wait_as_start_in_half_of_the_time_after_which_they_would_go_back(self, seconds, ahead):
        runs = [seconds] * 5000
        assert taught(*runs).ahead(0) == ahead
        assert taught(*runs, threads=8).ahead(0) == 8 * ahead

    @pytest.mark.parametrize("seconds", [STUCK_AFTER, 0.3, 60.0])
    def test_none_waits_for_slow_ones(self, seconds):
        assert taught(*[seconds] * 2000, threads=8).ahead(0) == 0

    def test_it_grows_with_the_runs_and_not_by_itself(self):
        pace = Pace(1)
        grown = []
        for _ in range(4):
            for _ in range(RUNS_PER_PLACE):
                pace.ran(0.0)
            grown.append(pace.ahead(0))
        assert grown == [1, 2, 3, 4]


class TestWithoutABacklog:
    def test_none_waits_where_the_queue_has_had_fewer_jobs_than_there_were_places(self):
        pace = taught(*[0.004] * 2000)
        assert pace.ahead(0) > 20
        assert pace.ahead(since=pace.runs) == 0

    def test_only_what_starts_at_once_waits_then(self):
        """Empty jobs, in the main."""
        pace = taught(*[0.0001] * 2000, threads=8)
        assert 8 * 9 <= pace.ahead(since=pace.runs) <= 8 * 10

    def test_it_grows_with_the_runs_since(self):
        pace = taught(*[0.004] * 2000)
        since = pace.runs
        for _ in range(3 * RUNS_PER_PLACE):
            pace.ran(0.004)
        assert pace.ahead(since) == 3


class TestASlowOne:
    def test_the_first_after_many_short_ones_is_enough(self):
        pace = taught(*[0.0] * 2000, 3.0)
        assert pace.ahead(0) == 0

    def test_beside_other_threads_it_counts_for_its_own(self):
        pace = taught(*[0.0] * 5000, 3.0, threads=8)
        assert 0 < pace.ahead(0) < 8 * MOST_AHEAD / 2

    def test_none_waits_after_all_threads_were_stuck_while_others_waited(self):
        pace = taught(*[0.0] * 5000, threads=8)
        pace.stuck()
        assert pace.ahead(0) == 0

    def test_it_is_forgotten_slowly(self):
        pace = taught(*[0.0] * 2000, 3.0, *[0.0] * MEMORY)
        assert 1 <= pace.ahead(0) <= 3
        for _ in range(5 * MEMORY):
            pace.ran(0.0)
        assert pace.ahead(0) == MOST_AHEAD


class Process:
    """A process with a clock of its own and a backlog without end. What waits too long goes back, and comes again."""

    def __init__(self, threads: int, run_times: Callable[[], float]) -> None:
        self.claims = 0
        self._threads = threads
        self._run_time = run_times
        self._pace = Pace(threads)
        # When each running job ends, and how long it has run by then.
        self._running: list[tuple[float, float]] = []
        self._waiting: deque[float] = deque()
        self._back: deque[float] = deque()
        self._now = 0.0

    def work(self, jobs: int) -> None:
        """Work until so many jobs have ended."""
        while jobs:
            self._claim()
            while self._waiting and len(self._running) < self._threads:
                seconds = self._waiting.popleft()
                heapq.heappush(self._running, (self._now + seconds, seconds))
            end, seconds = self._running[0]
            if self._waiting and end > self._now + STUCK_AFTER:
                self._give_back()
            else:
                heapq.heappop(self._running)
                self._now = end
                self._pace.ran(seconds)
                jobs -= 1

    def _claim(self) -> None:
        places = self._threads + self._pace.ahead(0) - len(self._running) - len(self._waiting)
        for _ in range(places):
            self._waiting.append(self._back.popleft() if self._back else self._run_time())
        self.claims += max(places, 0)

    def _give_back(self) -> None:
        self._now += STUCK_AFTER
        self._back.extend(self._waiting)
        self._waiting.clear()
        self._pace.stuck()


@pytest.mark.parametrize("share", [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0])
@pytest.mark.parametrize("slow", [0.25, 3.0])
@pytest.mark.parametrize("short", [0.0, 0.001, 0.02])
@pytest.mark.parametrize("threads", [1, 4, 8])
def test_however_rare_slow_jobs_are_among_short_ones_little_goes_back(threads, short, slow, share):
    dice = random.Random(7)
    process = Process(threads, lambda: slow if dice.random() < share else short)
    process.work(5000)
    print(f"\n{threads} threads, {share:.1%} of {slow} s, others {short} s: {process.claims / 5000:.3f} claims a job")
    assert process.claims / 5000 <= 1.1
