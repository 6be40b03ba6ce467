"""Claims jobs for a consumer, by hints, by age or in turn, and sorts out those that must not start now."""

import random
import re
import time
from collections.abc import Collection

from askpro.queues.ledger import claim as claims
from askpro.queues.ledger import guards, turns
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.hints import Popper
from askpro.queues.worker.pace import IN_TIME, STUCK_AFTER
from askpro.queues.worker.workload import Workload

# After an empty claim by age, no worker of this forker repeats it for REPAIR_EVERY seconds; then each waits up to
# REPAIR_SPREAD more, at random. The sum is how long a job that Redis lost can stay unnoticed.
REPAIR_EVERY = 1.4
REPAIR_SPREAD = 0.1
# Seconds between two claims by age while Redis is away and nothing was found.
POLL_EVERY = 0.1
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Intake:
    """Claims the jobs of one queue for this process. The workload says how many; here is decided how."""

    def __init__(
        self, workload: Workload, queue_name: str, actors: Collection[str], longest_wait: float, is_fair: bool = False
    ) -> None:
        self._workload = workload
        self._queue_name = queue_name
        self._actors = actors
        # Tenants take turns in this queue: while many jobs wait, hints say only how many to claim, and not which.
        self._is_fair = is_fair
        self._next_tenant = turns.FIRST
        self._floor = workload.empty_looks.floor(queue_name)
        self._running = workload.empty_looks.running_floor(queue_name)
        self._wait = longest_wait
        self._popper = Popper(queue_name, longest_wait)
        self._repair_at = 0.0
        # Jobs may wait that Redis has no hints of: the last look at the waiting ones has not seen their end.
        self._has_backlog = False
        # How many runs had ended in this process when the queue last had fewer jobs than there were places.
        self._short_at = 0

    def take(self, wait: float) -> list[Claim]:
        """Jobs that may start; waits up to `wait` seconds for one. Raises one of `CONNECTION_ERRORS`."""
        try:
            with self._workload.taking(self._short_at) as places:
                claimed = self._claim(places) if places else []
            if places:
                claimed = claimed or self._await(min(wait, self._wait))
        except BaseException:
            self._popper.put_back()
            raise
        if not places:
            # Every thread is busy, and what is claimed already will do: leave ready jobs to other processes.
            self._workload.wait_for_place(self._short_at, min(wait, STUCK_AFTER))
        return self._sort_out(claimed)

    def close(self) -> None:
        self._popper.close()

    def _claim(self, places: int) -> list[Claim]:
        """Claim up to so many jobs, as far as there are any now."""
        now = time.monotonic()
        if self._popper.is_away:
            return self._claim_waiting(places) if now >= self._poll_at else []
        if now >= self._repair_at and (claimed := self._repair(places, now)):
            return claimed
        ids = self._popper.pop(places)
        if self._has_backlog and (self._is_fair or not ids):
            return self._claim_waiting(places)
        if self._is_fair and self._is_long(self._popper.left):
            return self._take_turns(len(ids))
        self._note(is_short=len(ids) < places)
        return self._claim_by_ids(ids)

    def _await(self, wait: float) -> list[Claim]:
        """Wait for one job."""
        now = time.monotonic()
        if self._popper.is_away:
            time.sleep(min(max(self._poll_at - now, 0.0) * random.uniform(1, 1.5), wait))
            return self._claim(1)
        ids = self._popper.await_one(self._patience(wait, now))
        self._note(is_short=True)
        return self._claim_by_ids(ids)

    @property
    def _poll_at(self) -> float:
        """When to claim by age while Redis is away: some time after a worker of this forker has found nothing."""
        return self._workload.empty_looks.looked_at(self._queue_name) + POLL_EVERY

    def _repair(self, places: int, now: float) -> list[Claim]:
        """Claim by age, unless a claim by another worker of this forker has just come back empty."""
        empty_looks = self._workload.empty_looks
        claimed = self._claim_waiting(places) if now - empty_looks.looked_at(self._queue_name) >= REPAIR_EVERY else []
        since = now if claimed else empty_looks.looked_at(self._queue_name)
        self._repair_at = since + REPAIR_EVERY + random.uniform(0, REPAIR_SPREAD)
        return claimed

    def _patience(self, wait: float, now: float) -> float:
        """Seconds to wait for a hint, of at most `wait`."""
        if self._has_backlog:
            return 0.0
        # By then a job may turn out to be slow: those behind it have to be taken back, and no other is claimed.
        longest = IN_TIME if self._workload.is_busy else wait
        return min(wait, longest, max(self._repair_at - now, 0.01))

    def _claim_by_ids(self, ids: list[str]) -> list[Claim]:
        ids = [job_id for job_id in ids if ID.fullmatch(job_id)]
        claimed = self._workload.claim(lambda: claims.by_ids(self._who(), ids)) if ids else []
        if self._is_fair and len(claimed) < len(ids):
            # Some were claimed in turn, instead of jobs whose hints were popped earlier: those may still wait.
            claimed += self._take_turns(len(ids) - len(claimed))
        return claimed

    def _take_turns(self, hints: int) -> list[Claim]:
        """Claim in turn as many jobs as hints were popped: so there is still a hint for each that waits."""
        claimed = self._claim_waiting(hints)
        self._has_backlog = 0 < len(claimed) < hints
        return claimed

    def _is_long(self, waiting: int) -> bool:
        """Whether so many jobs would keep this process for a time that a tenant notices; else their order is the same
        to all, and a claim by ids costs a quarter of one in turn."""
        return waiting * self._workload.pace.mean > IN_TIME * self._workload.threads

    def _claim_waiting(self, places: int) -> list[Claim]:
        began = time.monotonic()
        claimed = self._workload.claim(lambda: self._first(places))
        self._has_backlog = len(claimed) >= (1 if self._is_fair else places)
        self._note(is_short=len(claimed) < places)
        if not claimed:
            self._workload.empty_looks.found_nothing(self._queue_name, began)
        return claimed

    def _first(self, places: int) -> list[Claim]:
        if not self._is_fair:
            return claims.by_age(self._who(), places, self._floor)
        floors = self._floor, self._running
        claimed, self._next_tenant = turns.by_turn(self._who(), places, self._next_tenant, *floors)
        return claimed

    def _note(self, is_short: bool) -> None:
        """Note whether fewer jobs were found than looked for: without a backlog, none have to wait here."""
        if is_short:
            self._short_at = self._workload.pace.runs

    def _who(self) -> turns.Who:
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
