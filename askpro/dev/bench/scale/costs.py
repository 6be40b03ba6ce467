"""What was measured on two cores; docs/scale.md says when, and with which commands."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one job or one call: seconds of processor time, bytes of log (WAL) and those that stay, commits, hints."""

    workers: float
    postgres: float
    web: float
    redis: float
    log: float
    kept: float
    commits: float
    hints: float

    @property
    def processor(self) -> float:
        return self.workers + self.postgres + self.web + self.redis


# `bench --pressure`, its clean phase: the mix of production's pools, with tags, chains and keys. `bench --only weight`
# has what stays.
JOB: Final = Cost(0.00146, 0.00092, 0.0, 0.00005, 3_000, 400, 3, 1)
# `bench --only complete`: from the webhook to the SMS, twenty at once. Eleven jobs are part of it.
CALL: Final = Cost(0.134, 0.064, 0.005, 0.0015, 76_000, 39_000, 72, 11)
CALL_JOBS: Final = 11
# Seconds of a commit's wait for the disk: half of what an idle pick-up takes beyond its processor time.
FLUSH: Final = 0.001
# What the pressure of that run was: jobs a second at most, then p50 and p99 of the pick-up in ms at `AT` a second.
CAPACITY: Final = 863.0
AT, P50, P99 = 605.0, 5.4, 29.1
