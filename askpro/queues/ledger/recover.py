"""Gives back the jobs of a dead worker: started ones pay a try, merely claimed ones and bystanders go back free."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dramatiq import get_broker
from dramatiq.errors import ActorNotFound

from askpro.queues.ledger import hints
from askpro.queues.ledger.claim import Claim, held_by
from askpro.queues.ledger.database import Connection, application_name
from askpro.queues.ledger.outcome import (
    BACK,
    LONGEST_TRACE,
    Outcome,
    cancelled_with_its_worker,
    clean,
    ended_with_its_worker,
    spared,
)
from askpro.queues.ledger.settle import Item, settle

# A job whose workers vanish this often without a readable trace is taken to be the cause.
MOST_LOSSES = 3
MOST_AT_ONCE = 500
CRASHED = "The worker process died while the job ran."
TIMED_OUT = "Ran past its time limit; its process was killed."
LOST = "The worker's host fell silent while it held the job."
LOST_TOO_OFTEN = "Lost too often: its workers vanish without a trace."
# By the reason why the forker killed a process: the error of its other jobs, which were not the reason.
BYSTANDERS = {
    "timed_out": "Its process was killed because another job in it ran past its time limit.",
    "stuck": "Its worker process was stuck and was killed.",
    "stopped": "Its worker process did not end in time when it was told to, and was killed.",
}
# Sessions that the worker still has open in PostgreSQL would keep their locks. They are found by their name, which a
# recycled backend pid does not have. Each is waited for up to a second: a claim that was about to commit becomes
# visible only then.
END_SESSIONS = """
SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity
 WHERE application_name = %s AND datname = current_database() AND pid <> pg_backend_pid()
"""
SIGN_OFF = "UPDATE queues_worker SET status = 'dead', ended_at = clock_timestamp() WHERE id = %s AND status = 'running'"


@dataclass(frozen=True, slots=True)
class Death:
    """A worker's end as its forker saw it. `started` are (job id, claim_no, seconds ago).

    `cause` is why the forker killed it, if it did: timed_out, stuck or stopped. `culprits` are the ids of the jobs that
    ignored their time limit. `stacks` shows where its threads were at that time.
    """

    worker_id: int
    started: Sequence[tuple[str, int, float]]
    cause: str = ""
    stacks: str = ""
    culprits: Collection[str] = ()


def recover(database: Connection, death: Death) -> int:
    """Settle what a dead worker held, in its name; returns how many jobs are ready again. Harmless if done twice."""
    now = time.monotonic()
    started = {(job_id, claim_no): now - ago for job_id, claim_no, ago in death.started}

    def ended(claim: Claim) -> Outcome:
        claim.started = started.get((claim.id, claim.claim_no))
        if claim.started is None:
            return BACK
        return replace(_ended(claim, death), trace=clean(death.stacks, LONGEST_TRACE))

    database.rows(END_SESSIONS, (application_name(death.worker_id),))
    database.rows(SIGN_OFF, (death.worker_id,))
    return _settle_all(database, death.worker_id, held_by(database, death.worker_id), ended)


def recover_lost(database: Connection, worker_id: int, begun: Collection[tuple[str, int]] | None = None) -> int:
    """The same for a worker whose forker is gone as well, or whose host fell silent.

    `begun` are the claims (job id, claim_no) that it had started, if it is certainly dead; the others go back free.
    With None that is unknown, and it may still be alive. Once signed off, it claims nothing more until it is heard
    again; what it claims then must not be taken from it.
    """

    def ended(claim: Claim) -> Outcome:
        if begun is not None and (claim.id, claim.claim_no) not in begun:
            return BACK
        again = claim.losses + 1 < MOST_LOSSES
        return ended_with_its_worker("lost", LOST if again else LOST_TOO_OFTEN, has_tries=again, is_loss=True)

    database.rows(SIGN_OFF, (worker_id,))
    claims = held_by(database, worker_id)
    database.rows(END_SESSIONS, (application_name(worker_id),))
    if begun is not None:
        # With what its last claim has committed meanwhile.
        claims = held_by(database, worker_id)
    return _settle_all(database, worker_id, claims, ended)


def _settle_all(database: Connection, worker_id: int, claims: Sequence[Claim], ended: Any) -> int:
    now = time.monotonic()
    items = [Item(claim, _wanted(claim, ended(claim)), now) for claim in claims]
    ready = 0
    for start in range(0, len(items), MOST_AT_ONCE):
        part = items[start : start + MOST_AT_ONCE]
        settled = settle(database, worker_id, "", part)
        back = [item.claim for item in part if item.outcome.status == "queued" and item.claim.id in settled.ids]
        ready += len(back)
        hints.announce([*((claim.id, claim.queue_name) for claim in back), *settled.ready])
    return ready


def _wanted(claim: Claim, outcome: Outcome) -> Outcome:
    # Perhaps the job could not be interrupted, and its process was killed for that.
    return cancelled_with_its_worker(outcome) if claim.feature("cancel") else outcome


def _ended(claim: Claim, death: Death) -> Outcome:
    """What becomes of a job that was running."""
    has_tries = _tries_left(claim) > 0
    if not death.cause:
        return ended_with_its_worker("crashed", CRASHED, has_tries=has_tries)
    if claim.id in death.culprits:
        return ended_with_its_worker("timed_out", TIMED_OUT, has_tries=has_tries)
    # A job that is there every time a process is killed may be the reason after all.
    if claim.losses + 1 < MOST_LOSSES:
        return spared(BYSTANDERS[death.cause])
    return ended_with_its_worker("crashed", BYSTANDERS[death.cause], has_tries=has_tries)


def _tries_left(claim: Claim) -> int:
    try:
        actor: Any = get_broker().get_actor(claim.actor_name)
    except ActorNotFound:
        # An actor of a newer release: the processes of that release will decide.
        return 1
    return int(actor.tries_left(claim))
