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
# For every so many runs since the last slow one, one more job may wait for each thread: when all jobs turn slow, what
# goes back is a small part of what ran before.
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
        # How many runs have ended, and how many had when the last slow one did.
        self.runs = 0
        self._runs_at_slow = 0

    def ran(self, seconds: float) -> None:
        """A job has ended after so many seconds, or is running for so many while others wait."""
        self.runs += 1
        if seconds >= STUCK_AFTER:
            self._mean += (STUCK_AFTER - self._mean) * QUICKLY
            self._runs_at_slow = self.runs
        else:
            self._weight = min(self._weight + 1, MEMORY)
            self._mean += (seconds - self._mean) / self._weight

    def ahead(self, since: int) -> int:
        """How many claimed jobs may wait while every thread has one; `since` so many runs there is a backlog."""
        mean = max(self._mean, SHORTEST)
        earned = (self.runs - max(since, self._runs_at_slow)) / RUNS_PER_PLACE
        return int(min(IN_TIME / mean, max(earned, AT_ONCE / mean), MOST_AHEAD)) * self._threads
