"""What batches and chains must do, in plain Python; `test_family.py` and `ledger.py` compare the engine with it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

LATER = ("scheduled", "retrying", "released")
NOT_BEGUN = ("waiting", "queued", *LATER)
UNDER_WAY = ("queued", "processing", *LATER)
FAILED = ("dead", "cancelled")


@dataclass(eq=False)
class Job:
    """A job in the model, by its id in the database."""

    pk: str
    status: str
    chain: "Chain | None" = None
    batch: "Batch | None" = None
    # As a step of a chain, the batch that it starts.
    starts: "Batch | None" = None

    def call(self, status: str = "queued") -> None:
        if self.status == "waiting":
            self.status = status


@dataclass(eq=False)
class Chain:
    steps: list[Job] = field(default_factory=list)
    catch: Job | None = None
    # As a member of a batch: whether it is over and counted.
    is_counted: bool = False

    def after(self, job: Job) -> Job | None:
        return next(iter(self.steps[self.steps.index(job) + 1 :]), None)

    @property
    def is_over(self) -> bool:
        states = {job.status for job in self.steps}
        return not states & set(UNDER_WAY) and bool(states & set(FAILED) or "waiting" not in states)

    @property
    def has_failed(self) -> bool:
        return any(job.status in FAILED for job in self.steps)

    def moves(self, job: Job) -> None:
        """A step is over: the next begins, or the catch is called, or what is left is cancelled."""
        following = self.after(job)
        if job.status == "completed":
            if job.starts is None:
                self.goes_on(following)
            return
        if self.catch:
            self.catch.call()
        if job.status == "cancelled":
            for step in self.steps:
                step.call("queued" if step.starts else "cancelled")

    def goes_on(self, following: Job | None) -> None:
        if following is not None:
            following.call()
        elif self.catch:
            self.catch.call("cancelled")


@dataclass(eq=False)
class Batch:
    pk: str
    allow_failures: bool
    members: list[Job | Chain] = field(default_factory=list)
    callbacks: dict[str, Job] = field(default_factory=dict)
    # Its step in a chain.
    start: Job | None = None
    total: int = 0
    pending: int = 0
    failed: int = 0
    status: str = "open"
    generation: int = 1

    @property
    def jobs(self) -> list[Job]:
        return [job for member in self.members for job in (member.steps if isinstance(member, Chain) else [member])]

    @property
    def is_waiting(self) -> bool:
        return self.start is not None and self.start.status != "completed"

    @property
    def may_grow(self) -> bool:
        return self.status == "open" and (self.allow_failures or not self.failed)

    @property
    def is_unwanted(self) -> bool:
        """Whether its chain was cancelled before it came to it."""
        assert self.start is not None and self.start.chain is not None
        return any(step.status == "cancelled" for step in self.start.chain.steps)

    def add(self, members: Iterable[Job | Chain]) -> None:
        new = list(members)
        self.members += new
        self.total += len(new)
        self.pending += len(new)

    def begins(self) -> None:
        if self.is_unwanted:
            self.cancel()
            return
        for member in self.members:
            (member.steps[0] if isinstance(member, Chain) else member).call()
        if not self.members and self.status == "open":
            self.ends()

    def cancel(self) -> None:
        if self.status == "open":
            self.status = "cancelled"
            self.count([job for job in self.jobs if job.status in NOT_BEGUN], "cancelled")
            if not self.members:
                self.callbacks["finish"].call()
                self.callbacks["success"].call("cancelled")
                self.callbacks["failure"].call("cancelled")

    def count(self, over: list[Job], status: str) -> None:
        """These jobs are over now: the first failure cancels the rest, and each is counted once."""
        for job in over:
            job.status = status
        if over and status in FAILED and not self.allow_failures:
            swept = [job for job in self.jobs if job.status in NOT_BEGUN]
            for job in swept:
                job.status = "cancelled"
            over = over + swept
        ended = [member for member in self.members if self.is_newly_over(member, over)]
        failed = sum(member.has_failed if isinstance(member, Chain) else member.status in FAILED for member in ended)
        self.pending -= len(ended)
        self.failed += failed
        if failed:
            self.callbacks["failure"].call()
        if ended and self.pending == 0:
            self.ends()

    def is_newly_over(self, member: Job | Chain, over: list[Job]) -> bool:
        if isinstance(member, Job):
            return member in over
        is_newly = member.is_over and not member.is_counted and any(job in over for job in member.steps)
        member.is_counted = member.is_counted or is_newly
        return is_newly

    def ends(self) -> None:
        self.status = "finished" if self.status == "open" else self.status
        self.callbacks["finish"].call()
        self.callbacks["success"].call("cancelled" if self.failed else "queued")
        self.callbacks["failure"].call("queued" if self.failed else "cancelled")
        if self.start is not None and self.start.chain is not None:
            chain = self.start.chain
            if not self.failed:
                chain.goes_on(chain.after(self.start))
            elif chain.catch:
                chain.catch.call()

    def reopen(self, failed: list[Job]) -> bool:
        """Count those of these failed jobs that are members as pending again; whether there were any."""
        chains = [m for m in self.members if isinstance(m, Chain) and m.is_counted and set(m.steps) & set(failed)]
        reopened = len(chains) + sum(member in failed for member in self.members)
        for chain in chains:
            chain.is_counted = False
        if reopened:
            self.pending += reopened
            self.failed -= reopened
            self.status = "open"
            self.generation += 1
        return reopened > 0

    def retry_failed(self) -> None:
        again = [job for job in self.jobs if job.status in FAILED]
        for job in again:
            job.status = "waiting"
        if not self.is_waiting:
            for job in again:
                earlier = job.chain.steps[: job.chain.steps.index(job)] if job.chain else []
                if all(step.status == "completed" for step in earlier):
                    job.status = "queued"


def settle(job: Job, status: str) -> None:
    """A job's run ended, or it was cancelled before it began."""
    job.status = status
    if job.chain is not None and job is not job.chain.catch:
        job.chain.moves(job)
    if job.batch is not None:
        job.batch.count([job], status)
