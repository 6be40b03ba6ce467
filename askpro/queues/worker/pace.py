"""How fast the threads of a process get through its jobs, and so how many claimed jobs may wait for them."""

# When no job has started or ended for this many seconds, claimed jobs go back: another process may be free to run them.
STUCK_AFTER = 0.2
# What waits should start within this many seconds: half of the time after which it would go back, as run times vary.
IN_TIME = STUCK_AFTER / 2
# What starts within this many seconds may wait from the beginning: with empty jobs, a claim takes longer than its jobs.
AT_ONCE = 0.001
# A run of `STUCK_AFTER` or more can send the jobs behind it back. It moves the mean half of the way to `STUCK_AFTER` at
# once, and is forgotten over some `MEMORY` runs. So whatever the share of slow jobs, few go back for each that runs.
QUICKLY = 0.5
MEMORY = 200
# For every so many runs since the last slow one, one more job may wait: when all jobs turn slow, what goes back is a
# small part of what ran before.
RUNS_PER_PLACE = 16
# The most that wait for each thread: more would hardly make a job's claim cheaper.
MOST_AHEAD = 25
SHORTEST = 1e-6


class Pace:
    """What a process has learnt from its own runs, of whatever queue.

    Its threads may lose a figure of one another, which makes no difference.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        # The mean of the run times in seconds, each counted as `STUCK_AFTER` at most; cautious until there are some.
        self._mean = STUCK_AFTER
        self._weight = 1
        # How many runs have ended, and how many of these slow ones have made count for nothing.
        self.runs = 0
        self._earned_from = 0.0

    @property
    def mean(self) -> float:
        """The mean of the run times, in seconds."""
        return max(self._mean, SHORTEST)

    def ran(self, seconds: float) -> None:
        """A job has ended after so many seconds. A slow one has kept one of the threads."""
        self.runs += 1
        if seconds >= STUCK_AFTER:
            self._beware(1 / self._threads)
        else:
            self._weight = min(self._weight + 1, MEMORY)
            self._mean += (seconds - self._mean) / self._weight

    def stuck(self) -> None:
        """Slow jobs have kept all threads, and others waited behind them."""
        self._beware(1.0)

    def ahead(self, since: int) -> int:
        """How many claimed jobs may wait while every thread has one; `since` so many runs there is a backlog."""
        earned = int((self.runs - max(since, self._earned_from)) / RUNS_PER_PLACE)
        most = int(min(IN_TIME / self.mean, MOST_AHEAD)) * self._threads
        return min(most, max(earned, int(AT_ONCE / self.mean) * self._threads))

    def _beware(self, share: float) -> None:
        """A slow job has kept this share of the threads."""
        self._mean += (STUCK_AFTER - self._mean) * QUICKLY * share
        self._earned_from += (self.runs - self._earned_from) * share
