"""A small model in plain Python of what the ledger's statements must do. Times are seconds since the model began.

Each verb says what becomes of the rows, and refuses by `Wrong` what the engine must not have done. What the engine is
free to choose, it is told.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.queues.model import family
from tests.queues.model.family import FAILED, LATER, NOT_BEGUN, UNDER_WAY, Batch, Chain

FINAL = ("completed", *FAILED)
WAITING = ("queued", *LATER)
DAY = 86_400.0
MAX_RETRIES = 3
MOST_LOSSES = 3
BACK_AT_GATE = 600.0
MOST_GRANTED, GRANT_FOR = 10, 30.0
ORPHANED_AFTER = 10.0


class Wrong(AssertionError):
    """The engine did what it must not do."""


def must(condition: object, what: str) -> None:
    if not condition:
        raise Wrong(what)


@dataclass(frozen=True)
class Kind:
    """What a kind of job has: keys and words, as its actor declares them."""

    lock: str | None = None
    in_order: bool = False
    share: str | None = None
    places: int = 0
    unique: str | None = None


KINDS = {
    "nothing": Kind(),
    "alone": Kind(lock="key:a"),
    "ordered": Kind(lock="order:a", in_order=True),
    "two_at_once": Kind(share="company:1", places=2),
    "tied": Kind(lock="tied:1", in_order=True, share="some:1", places=2),
    "unique": Kind(unique="sync:1"),
    "start_batch": Kind(),
}


@dataclass(eq=False)
class Job(family.Job):
    """A job's row, as far as the model looks at it."""

    actor: str = "nothing"
    # Steps, members and callbacks have none.
    unique: str | None = None
    # Seconds between sending and the deadline.
    span: float | None = DAY
    deadline: float | None = None
    ready_at: float | None = None
    run_at: float | None = None
    expires: float | None = None
    claim_no: int = 0
    worker: int | None = None
    tries: int = 0
    extra: int = 0
    losses: int = 0
    releases: int = 0
    is_cancelled: bool = False
    gate: str | None = None

    @property
    def kind(self) -> Kind:
        return KINDS[self.actor]

    @property
    def waits_for_key(self) -> bool:
        return self.status == "released" and self.run_at is None and bool(self.kind.lock or self.kind.share)

    @property
    def row(self) -> tuple[Any, ...]:
        # Cancelled members may run again; of other cancelled jobs, nobody asks whether they were claimed for it.
        claim_no = None if self.status == "cancelled" and self.batch is None else self.claim_no
        return (
            *(self.pk, self.status, claim_no, self.worker if self.status == "processing" else None),
            *(self.tries, self.extra, self.losses, self.releases, self.run_at, self.deadline, self.ready_at),
            *(self.gate if self.status == "released" else None, self.is_cancelled),
        )


@dataclass(frozen=True)
class End:
    """How a run ends: what settle is told of it."""

    status: str
    spends_try: bool = False
    run_in: float | None = None
    is_loss: bool = False
    gate: str | None = None


@dataclass
class Ledger:
    """All rows that are committed, or that one session sees."""

    now: float = 0.0
    jobs: dict[str, Job] = field(default_factory=dict)
    batches: dict[str, Batch] = field(default_factory=dict)
    # By key: the job that holds it, its claim, and since when.
    holders: dict[str, tuple[str, int, float]] = field(default_factory=dict)
    unique: dict[str, str] = field(default_factory=dict)
    paused: set[str] = field(default_factory=set)
    buried: set[int] = field(default_factory=set)

    def having(self, *statuses: str) -> list[Job]:
        return [job for _, job in sorted(self.jobs.items()) if job.status in statuses]

    # Sending.

    def write(self, job: Job, delay: float | None = None, *, is_waiting: bool = False) -> Job:
        self.jobs[job.pk] = job
        job.status = "waiting" if is_waiting else "queued" if delay is None else "scheduled"
        job.ready_at = self.now if job.status == "queued" else None
        job.run_at = None if delay is None else self.now + delay
        job.deadline = None if job.span is None else self.now + job.span + (delay or 0)
        return job

    def send(self, job: Job, delay: float | None, found: str) -> None:
        """Send a job with a unique key, or without one; `found` is the id that `send` returned."""
        standing = self.jobs.get(self.unique.get(job.unique or "", ""))
        if standing is not None and standing.status in WAITING:
            must(found == standing.pk, "a copy waits already")
            if standing.status == "scheduled":
                self._bring_forward(standing, delay)
            return
        must(found == job.pk, "no copy waits")
        self.write(job, delay)
        if job.unique:
            self.unique[job.unique] = job.pk

    def _bring_forward(self, job: Job, delay: float | None) -> None:
        if delay is None:
            job.status, job.ready_at, job.run_at = "queued", self.now, None
        else:
            assert job.run_at is not None
            job.run_at = min(job.run_at, self.now + delay)

    # Claiming.

    def may_be_claimed(self, worker: int) -> list[Job]:
        """The oldest first."""
        if worker in self.buried or "queue default" in self.paused:
            return []
        ready = [job for job in self.having("queued") if f"actor {job.actor}" not in self.paused]
        return sorted(ready, key=lambda job: (job.ready_at, job.pk))

    def claim(self, worker: int, claims: Collection[tuple[str, int]]) -> None:
        for pk, claim_no in claims:
            job = self.jobs[pk]
            must(job.status == "queued", f"{pk} is not ready")
            job.status, job.worker, job.claim_no = "processing", worker, job.claim_no + 1
            must(claim_no == job.claim_no, "each claim has the next number")

    def holds(self, worker: int, claim: tuple[str, int]) -> bool:
        job = self.jobs.get(claim[0])
        return job is not None and (job.status, job.worker, job.claim_no) == ("processing", worker, claim[1])

    # Keys.

    def is_superseded(self, job: Job) -> bool:
        standing = self.jobs.get(self.unique.get(job.unique or "", ""))
        return standing is not None and standing is not job and standing.status in WAITING

    def may_have_key(self, job: Job) -> bool:
        if job.kind.lock is None:
            return True
        holder = self.holders.get(job.kind.lock)
        return holder[0] == job.pk if holder else not (job.kind.in_order and self.has_earlier(job))

    def has_earlier(self, job: Job) -> bool:
        """Whether an earlier job of its ordered key is unfinished."""
        return any(
            other.status not in FINAL and (other.status != "waiting" or self._comes_before(other, job))
            for other in self.jobs.values()
            if other.kind.lock == job.kind.lock and other.pk < job.pk
        )

    def _comes_before(self, step: Job, job: Job) -> bool:
        """Whether the turn of a step comes by what is earlier than the job, too, and not by the job itself."""
        chain, outer = step.chain, _outer(step)
        if chain is None or step is chain.catch or chain is job.chain:
            return False
        if (outer or chain) is (_outer(job) or job.chain) and step.batch is not job.batch:
            return False
        is_to_begin = step.batch and step.batch.start and step.batch.start.status not in FINAL
        return self._moves(chain, job) or bool(outer and is_to_begin and self._moves(outer, job))

    def _moves(self, chain: Chain, before: Job) -> bool:
        inner = [member for batch in self.batches.values() if batch.start in chain.steps for member in batch.jobs]
        return any(row.status in UNDER_WAY and row.pk < before.pk for row in (*chain.steps, *inner))

    def places(self, job: Job) -> list[str]:
        return [f"{job.kind.share}#{number + 1}" for number in range(job.kind.places)]

    def free_places(self, job: Job) -> list[str]:
        return [place for place in self.places(job) if place not in self.holders]

    def take_keys(self, may: Collection[str], held: Iterable[tuple[str, str, int]]) -> None:
        """Some claims asked for their keys. `held` are (key, job, claim) of all that their jobs have then, and those of
        `may` have all that they need."""
        for key, pk, claim_no in held:
            job, holder = self.jobs[pk], self.holders.get(key)
            if holder is None:
                is_lock = key == job.kind.lock
                must(self.may_have_key(job) if is_lock else key in self.places(job), f"{pk} may not have {key}")
            else:
                must(holder[0] == pk, f"{key} is not free for {pk}")
            self.holders[key] = pk, claim_no, holder[2] if holder else self.now
        for pk in may:
            must(self.has_keys(self.jobs[pk]), f"{pk} has not all of its keys")

    def has_keys(self, job: Job) -> bool:
        own = {key for key, held in self.holders.items() if held[0] == job.pk}
        return (not job.kind.lock or job.kind.lock in own) and (not job.kind.share or bool(own & {*self.places(job)}))

    def would_have_keys(self, jobs: Collection[Job]) -> set[str]:
        """Which of these may run when they ask for their keys together and nobody else does anything."""
        may = [
            job for job in sorted(jobs, key=lambda job: (not self._holds_lock(job), job.pk)) if self.may_have_key(job)
        ]
        by_lock: dict[str, Job] = {}
        for job in may:
            by_lock.setdefault(job.kind.lock or job.pk, job)
        may = sorted(by_lock.values(), key=lambda job: job.pk)
        room: dict[str, int] = {}
        able = set()
        for job in may:
            if job.kind.share:
                room.setdefault(job.kind.share, len(self.free_places(job)))
                room[job.kind.share] -= 1
            if not job.kind.share or room[job.kind.share] >= 0:
                able.add(job.pk)
        return able

    def _holds_lock(self, job: Job) -> bool:
        return self.holders.get(job.kind.lock or "", ("",))[0] == job.pk

    def _free_keys(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            kept = job.kind.lock if job.kind.in_order and job.status not in FINAL else None
            self.holders = {key: held for key, held in self.holders.items() if held[0] != job.pk or key == kept}

    def orphans(self) -> set[str]:
        """The keys of jobs that have lost them: a worker took them after it had been taken for dead."""
        return {
            key
            for key, (pk, _, since) in self.holders.items()
            if since < self.now - ORPHANED_AFTER and not self._may_hold(self.jobs[pk])
        }

    def _may_hold(self, job: Job) -> bool:
        return job.status == "processing" or (job.kind.in_order and job.status not in FINAL)

    def may_be_freed(self) -> set[str]:
        """The first waiter of each key, and the holder of one if it waits for something else, as far as it may run."""
        waiters = [job for job in self.having("released") if job.waits_for_key]
        first: dict[tuple[str | None, str | None], str] = {}
        for job in waiters:
            first.setdefault((job.kind.lock, job.kind.share), job.pk)
        own = {job.pk for job in waiters if self.holders.get(job.kind.lock or "", ("",))[0] == job.pk}
        return {pk for pk in {*first.values(), *own} if self._is_free(self.jobs[pk])}

    def _is_free(self, job: Job) -> bool:
        holder = self.holders.get(job.kind.lock or "")
        is_locked = holder is not None and holder[0] != job.pk
        is_full = job.kind.share is not None and not self.free_places(job)
        return not (is_locked or is_full or (job.kind.in_order and self.has_earlier(job)))

    # Settling.

    def settle(self, worker: int, items: Sequence[tuple[tuple[str, int], End]], ids: set[str], woken: set[str]) -> None:
        """`ids` and `woken` are what the statement returned: the jobs that were ours, and those that became ready."""
        ours = [(self.jobs[claim[0]], end) for claim, end in items if self.holds(worker, claim)]
        must({job.pk for job, _ in ours} == ids, "a claim that was lost is not settled, and every other one is")
        with self.moving(woken):
            for job, end in ours:
                self._write_end(job, end)
            for job, end in ours:
                if end.status in FINAL:
                    family.settle(job, end.status)
                else:
                    job.status = end.status

    def _write_end(self, job: Job, end: End) -> None:
        job.tries += end.spends_try
        job.losses += end.is_loss
        job.releases += end.status == "released"
        job.run_at = None if end.run_in is None else self.now + end.run_in
        job.gate = end.gate
        if end.status == "queued":
            job.ready_at = self.now if job.ready_at is None else job.ready_at

    @contextmanager
    def moving(self, woken: Collection[str] = ()) -> Iterator[None]:
        """Jobs change their states inside: what that means for their other columns, and for keys. Of the jobs that wait
        for a key that is freed, those of `woken` become ready."""
        before, holders = {pk: job.status for pk, job in self.jobs.items()}, set(self.holders)
        yield
        changed = [job for pk, job in self.jobs.items() if before.get(pk) != job.status]
        called = [job for job in changed if before.get(job.pk) == "waiting" and job.status == "queued"]
        for job in called:
            self._make_ready(job)
            job.deadline = None if job.span is None else self.now + job.span
        for job in changed:
            if job.status in FAILED:
                job.run_at = None
        self._free_keys(job for job in changed if before.get(job.pk) == "processing" or job.status in FINAL)
        for pk in set(woken) - {job.pk for job in called}:
            self._unblock(self.jobs[pk], holders - set(self.holders))

    def _unblock(self, job: Job, freed: set[str]) -> None:
        must(job.waits_for_key, f"{job.pk} waits for no key")
        must(freed & {job.kind.lock, *self.places(job)}, f"no key of {job.pk} was freed")
        job.status, job.ready_at = "queued", self.now

    def _make_ready(self, job: Job) -> None:
        job.status, job.ready_at, job.run_at = "queued", self.now, None

    # The dead.

    def recover(self, worker: int, started: Collection[tuple[str, int]], *, is_lost: bool) -> list[tuple[Any, End]]:
        """How a dead worker's jobs end. Of those of a silent host, nobody knows which had begun."""
        self.buried.add(worker)
        held = [job for job in self.having("processing") if job.worker == worker]
        return [((job.pk, job.claim_no), self._end_of(job, (job.pk, job.claim_no) in started, is_lost)) for job in held]

    def _end_of(self, job: Job, has_begun: bool, is_lost: bool) -> End:
        if is_lost:
            status = "queued" if job.losses + 1 < MOST_LOSSES else "dead"
        else:
            status = "queued" if not has_begun or MAX_RETRIES + job.extra > job.tries else "dead"
        if job.is_cancelled:
            status = "cancelled"
        return End(status, spends_try=has_begun and not is_lost, is_loss=is_lost)

    # Chores.

    def due(self) -> set[str]:
        return {job.pk for job in self.having(*LATER) if job.run_at is not None and job.run_at <= self.now}

    def make_ready(self, ids: Collection[str], able: Collection[str]) -> None:
        for pk in ids:
            must(pk in able, f"{pk} may not become ready")
            self._make_ready(self.jobs[pk])

    def overdue(self, *statuses: str) -> set[str]:
        late = [job for job in self.having(*statuses) if job.deadline is not None and job.deadline < self.now]
        return {job.pk for job in late}

    def expired(self) -> set[str]:
        return {job.pk for job in self.having(*WAITING) if job.expires is not None and job.expires < self.now}

    def end(self, ids: Collection[str], status: str, woken: Collection[str] = ()) -> None:
        """Jobs that no worker holds end; a claim of nobody's is counted for each."""
        with self.moving(woken):
            for pk in ids:
                must(self.jobs[pk].status in NOT_BEGUN, f"{pk} has begun or is over")
                self._take_for_nobody(self.jobs[pk])
            for pk in sorted(ids):
                family.settle(self.jobs[pk], status)
            for pk in sorted(ids):
                if status == "cancelled" and (starts := self.jobs[pk].starts):
                    self._cancel_batch(starts)

    def begin_batch(self, pk: str) -> None:
        """The step that starts it has run."""
        batch = self.batches[pk]
        with self.moving():
            if batch.is_unwanted:
                self._cancel_batch(batch)
            else:
                batch.begins()

    def _take_for_nobody(self, job: Job) -> None:
        job.claim_no, job.gate = job.claim_no + 1, None

    def _cancel_batch(self, batch: Batch) -> None:
        if batch.status == "open":
            for job in batch.jobs:
                if job.status in NOT_BEGUN:
                    self._take_for_nobody(self.jobs[job.pk])
            batch.cancel()

    def waiting_at_gate(self) -> list[str]:
        return [job.pk for job in self.having("released") if job.gate]

    def room_at_gate(self) -> int:
        granted = [job for job in self.having("queued") if job.gate and (job.ready_at or 0) > self.now - GRANT_FOR]
        return MOST_GRANTED - min(len(granted), MOST_GRANTED)

    def unique_and_over(self) -> set[str]:
        return {key for key, pk in self.unique.items() if self.jobs[pk].status in FINAL}

    # What people do.

    def cancel(self, is_done: bool, woken: Collection[str], pk: str) -> None:
        job = self.jobs[pk]
        must(is_done == (job.status not in FINAL), "what is over is not cancelled, and everything else is")
        if job.status == "processing":
            job.is_cancelled = True
        elif is_done:
            self.end([pk], "cancelled", woken)

    def cancel_batch(self, _: int, woken: Collection[str], pk: str) -> None:
        with self.moving(woken):
            self._cancel_batch(self.batches[pk])

    def discard(self, is_done: bool, woken: Collection[str], pk: str) -> None:
        job = self.jobs[pk]
        must(is_done == (job.status == "dead"), "only the dead are discarded")
        if is_done:
            job.status = "cancelled"
            steps = job.chain.steps if job.chain and job is not job.chain.catch else []
            behind = steps[steps.index(job) + 1 :] if steps else []
            self.end([step.pk for step in behind if step.status == "waiting"], "cancelled", woken)

    def run_now(self, is_done: bool, _: Collection[str], pk: str) -> None:
        job = self.jobs[pk]
        must(is_done == (job.status in LATER and job.run_at is not None), "what waits for a time runs now")
        if is_done:
            self._make_ready(job)

    def retry(self, is_done: bool, _: Collection[str], fresh: dict[str, str], pk: str) -> None:
        job = self.jobs[pk]
        must(is_done == (job.status == "dead"), "only the dead are retried")
        if is_done:
            if job.batch:
                self._reopen(job.batch, [job], fresh)
            job.extra, job.losses, job.deadline, job.is_cancelled = job.extra + 1, 0, None, False
            self._make_ready(job)

    def retry_batch(self, count: int, _: Collection[str], fresh: dict[str, str], pk: str) -> None:
        batch = self.batches[pk]
        failed = [job for job in batch.jobs if job.status in FAILED]
        must(count == len(failed), "all failed members are retried")
        if failed:
            self._reopen(batch, failed, fresh)
            batch.retry_failed()
            for job in failed:
                job.is_cancelled = False
                if job.status == "queued":
                    job.extra, job.losses, job.deadline = job.extra + job.tries, 0, None
                    self._make_ready(job)

    def _reopen(self, batch: Batch, failed: list[Any], fresh: dict[str, str]) -> None:
        if batch.reopen(failed):
            for name, old in batch.callbacks.items():
                if old.status != "waiting":
                    batch.callbacks[name] = self.write(Job(fresh[name], "", span=old.span), is_waiting=True)


def _outer(job: Job) -> Chain | None:
    """The chain in which its batch is a step."""
    return job.batch.start.chain if job.batch and job.batch.start else None
