"""`on_success` and `on_failure` of a message, as Dramatiq has them; sent by settle, once."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dramatiq import get_broker

from askpro.queues.arguments import encoded
from askpro.queues.ids import uuid7
from askpro.queues.ledger.claim import Claim
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
    """The job that `claim`'s message asked for in case of `outcome`; none while it will run again."""
    name = NAMES.get(outcome.status)
    actor_name = claim.options.get(name) if name else None
    if actor_name:
        yield Callback(claim.id, _job(actor_name, claim, outcome))


def _job(actor_name: str, claim: Claim, outcome: Outcome) -> NewJob:
    # Nothing here may fail: the results of all that has finished with this job are in the same statement.
    args = [_told(claim), _said(claim, outcome)]
    actor: Any = get_broker().actors.get(actor_name)
    if actor is not None:
        try:
            return actor.new_job(actor.message(*args), largest=None)
        except ValueError as error:
            log.error("%s %s: what follows it is written without its words: %s", claim.actor_name, claim.id, error)
    # An actor of another release, perhaps: the job waits where it was asked for, until a process knows it.
    queue_name = claim.queue_name if actor is None else actor.queue_name
    return NewJob(
        id=uuid7(),
        actor_name=actor_name,
        queue_name=queue_name,
        args=encoded(f"{actor_name}: arguments", args, largest=None),
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
        # An error's text may quote what a caller said, and arguments hold no personal data: it stands on the attempt.
        return {"type": outcome.error_class, "message": ""}
    try:
        encoded(f"{claim.actor_name}: result", claim.result)
    except ValueError as error:
        log.error("%s %s: its result is not passed on; %s", claim.actor_name, claim.id, error)
        return None
    return claim.result
