"""`on_success` and `on_failure` of a message, as Dramatiq has them; sent by settle, once."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dramatiq import get_broker

from askpro.queues.arguments import encoded
from askpro.queues.ids import uuid7
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.correlation import carried, correlated, correlation_of
from askpro.queues.ledger.enqueue import NewJob
from askpro.queues.ledger.outcome import Outcome

log = logging.getLogger(__name__)

NAMES = {"completed": "on_success", "dead": "on_failure"}


@dataclass(frozen=True, slots=True)
class Callback:
    """A job that follows from the result of another."""

    parent_id: str
    job: NewJob


def callbacks(claim: Claim, outcome: Outcome) -> Iterator[Callback]:
    """The job that `claim`'s message asked for in case of `outcome`; none when the job will run again."""
    name = NAMES.get(outcome.status)
    actor_name = claim.options.get(name) if name else None
    if actor_name:
        # Settle's thread works on nothing itself: the callback belongs to the story of the job that it follows from.
        with correlated(correlation_of(claim)):
            job = _job(actor_name, claim, outcome)
        yield Callback(claim.id, job)


def _job(actor_name: str, claim: Claim, outcome: Outcome) -> NewJob:
    # Nothing here may fail: the same statement writes the results of all other jobs that finished with this one.
    args = [_told(claim), _said(claim, outcome)]
    actor: Any = get_broker().actors.get(actor_name)
    if actor is not None:
        try:
            return actor.new_job(actor.message(*args), largest=None)
        except ValueError as error:
            log.error("%s %s: its callback is written without its options: %s", claim.actor_name, claim.id, error)
    # Perhaps an actor of another release: the job waits in the queue of `claim` until a process knows the actor.
    queue_name = claim.queue_name if actor is None else actor.queue_name
    return NewJob(
        id=uuid7(),
        actor_name=actor_name,
        queue_name=queue_name,
        args=encoded(f"{actor_name}: arguments", args, largest=None),
        options=encoded(f"{actor_name}: options", carried({})),
    )


def _told(claim: Claim) -> dict[str, Any]:
    return {
        "message_id": claim.id,
        "actor_name": claim.actor_name,
        "queue_name": claim.queue_name,
        "args": claim.args,
        "kwargs": claim.kwargs,
        "options": claim.options,
        "message_timestamp": claim.created_ms,
    }


def _said(claim: Claim, outcome: Outcome) -> Any:
    if outcome.status != "completed":
        # An error's text may quote what a caller said, and arguments must hold no personal data. The attempt has it.
        return {"type": outcome.error_class, "message": ""}
    try:
        encoded(f"{claim.actor_name}: result", claim.result)
    except ValueError as error:
        log.error("%s %s: its result is not passed on; %s", claim.actor_name, claim.id, error)
        return None
    return claim.result
