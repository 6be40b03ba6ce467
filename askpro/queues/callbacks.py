"""`on_success` and `on_failure` of a message, as Dramatiq has them; sent by settle, once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dramatiq import get_broker

from askpro.queues.claim import Claim
from askpro.queues.ids import uuid7
from askpro.queues.outcome import Outcome

NAMES = {"completed": "on_success", "dead": "on_failure"}


@dataclass(frozen=True, slots=True)
class Callback:
    """A job that follows from the result of another."""

    parent_id: str
    id: str
    actor_name: str
    queue_name: str
    args: str
    deadline: int


def callbacks(claim: Claim, outcome: Outcome) -> Iterator[Callback]:
    """The job that `claim`'s message asked for in case of `outcome`; none while it will run again."""
    name = NAMES.get(outcome.status)
    actor_name = claim.options.get(name) if name else None
    if actor_name:
        actor: Any = get_broker().get_actor(actor_name)
        message = actor.message(_told(claim), _said(claim, outcome))
        job = actor.new_job(message)
        yield Callback(claim.id, str(uuid7()), actor.actor_name, job.queue_name, job.args, job.deadline)


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
    if outcome.status == "completed":
        return claim.result
    return {"type": outcome.error_class, "message": outcome.error_message}
