"""Claims jobs for a consumer, by hints from Redis or by age, and sorts out those that must not start now."""

import random
import re
import time
from collections.abc import Collection

from askpro.queues.ledger import claim as claims
from askpro.queues.ledger import guards
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.hints import Popper
from askpro.queues.worker.workload import STUCK_AFTER, Workload

# After an empty claim by age, no worker of this forker repeats it for REPAIR_EVERY seconds; then each waits up to
# REPAIR_SPREAD more, at random. The sum is how long a job that Redis lost can stay unnoticed.
REPAIR_EVERY = 1.4
REPAIR_SPREAD = 0.1
# Seconds between two claims by age while Redis is away and nothing was found.
POLL_EVERY = 0.1
MOST_CLAIMED = 200
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Intake:
    """Claims the jobs of one queue for this process; how many at once follows what its threads get done."""

    def __init__(self, workload: Workload, queue_name: str, actors: Collection[str], longest_wait: float) -> None:
        self._workload = workload
        self._queue_name = queue_name
        self._actors = actors
        self._wait = longest_wait
        self._popper = Popper(queue_name, longest_wait)
        self._repair_at = 0.0
        # The last claim by age was full: when Redis has no more hints, another claim by age may still find jobs.
        self._has_backlog = False
        self._size = max(workload.threads * 2, 8)

    def take(self, wait: float) -> list[Claim]:
        """Jobs that may start; waits up to `wait` seconds for one. Raises one of `CONNECTION_ERRORS`."""
        if self._workload.is_stuck:
            # Every thread is busy with a slow job: leave ready jobs to other processes.
            self._workload.wait_for_thread(STUCK_AFTER)
            return []
        claimed = self._claim_some(min(wait, self._wait))
        if len(claimed) >= self._size:
            self._size = min(self._size * 2, MOST_CLAIMED)
        return self._sort_out(claimed)

    def take_less(self) -> None:
        """Claimed jobs had to be given back: claim fewer for a while."""
        self._size = max(self._workload.threads, self._size // 4)

    def close(self) -> None:
        self._popper.close()

    def _claim_some(self, wait: float) -> list[Claim]:
        now = time.monotonic()
        if self._popper.is_away:
            return self._poll(wait, now)
        if now >= self._repair_at and (claimed := self._repair(now)):
            return claimed
        ids = self._popper.pop(self._size, self._patience(wait, now))
        if not ids and self._has_backlog:
            return self._claim_by_age()
        ids = [job_id for job_id in ids if ID.fullmatch(job_id)]
        return self._workload.claim(lambda: claims.by_ids(self._who(), ids)) if ids else []

    def _poll(self, wait: float, now: float) -> list[Claim]:
        """Claim by age while Redis is away, unless a worker of this forker has just looked and found nothing."""
        empty_looks = self._workload.empty_looks
        if (left := empty_looks.looked_at(self._queue_name) + POLL_EVERY - now) > 0:
            time.sleep(min(left * random.uniform(1, 1.5), wait))
            if time.monotonic() - empty_looks.looked_at(self._queue_name) < min(POLL_EVERY, wait):
                return []
        return self._claim_by_age()

    def _repair(self, now: float) -> list[Claim]:
        """Claim by age, unless a claim by another worker of this forker has just come back empty."""
        empty_looks = self._workload.empty_looks
        claimed = self._claim_by_age() if now - empty_looks.looked_at(self._queue_name) >= REPAIR_EVERY else []
        since = now if claimed else empty_looks.looked_at(self._queue_name)
        self._repair_at = since + REPAIR_EVERY + random.uniform(0, REPAIR_SPREAD)
        return claimed

    def _patience(self, wait: float, now: float) -> float:
        """Seconds to wait for a hint, of at most `wait`."""
        if self._has_backlog:
            return 0.0
        # Messages that turn out to wait behind slow jobs have to be taken back soon.
        longest = STUCK_AFTER if self._workload.has_waiting else wait
        return min(wait, longest, max(self._repair_at - now, 0.01))

    def _claim_by_age(self) -> list[Claim]:
        began = time.monotonic()
        claimed = self._workload.claim(lambda: claims.by_age(self._who(), self._size))
        self._has_backlog = len(claimed) >= self._size
        if not claimed:
            self._workload.empty_looks.found_nothing(self._queue_name, began)
        return claimed

    def _who(self) -> claims.Who:
        work = self._workload
        return work.database, work.worker_id, self._queue_name, self._actors

    def _sort_out(self, claimed: list[Claim]) -> list[Claim]:
        try:
            may, refused = guards.sort_out(self._workload.database, claimed)
        except BaseException:
            # On any error at all: a job that is claimed and then forgotten would wait until this process ends.
            self._workload.give_back(claimed)
            raise
        for claim, outcome in refused:
            self._workload.release(claim, outcome)
        return may
