"""`on_success` and `on_failure` of a message, as Dramatiq has them; sent by settle, once."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dramatiq import get_broker

from askpro.queues.claim import Claim
from askpro.queues.ids import uuid7
from askpro.queues.outcome import Outcome
from askpro.queues.words import DEFAULTS

log = logging.getLogger(__name__)

FEATURES = ("lock_key", "in_order", "share_key", "share_limit", "rate_limit", "expires_at", "silenced")
NAMES = {"completed": "on_success", "dead": "on_failure"}


@dataclass(frozen=True, slots=True)
class Callback:
    """A job that follows from the result of another: the columns of its row, and whose result it is."""

    parent_id: str
    id: str
    actor_name: str
    queue_name: str
    args: str
    deadline: int
    options: str = "{}"
    tags: str = "[]"
    lock_key: str | None = None
    in_order: bool = False
    share_key: str | None = None
    share_limit: int | None = None
    rate_limit: str | None = None
    expires_at: datetime | None = None
    silenced: bool = False


def callbacks(claim: Claim, outcome: Outcome) -> Iterator[Callback]:
    """The job that `claim`'s message asked for in case of `outcome`; none while it will run again."""
    name = NAMES.get(outcome.status)
    actor_name = claim.options.get(name) if name else None
    if actor_name:
        # Not held to the limit of what people send: it holds a whole message, and nobody could be told of an error.
        args = json.dumps([_told(claim), _said(claim, outcome)], separators=(",", ":"))
        yield Callback(claim.id, str(uuid7()), actor_name, args=args, **_features(claim, actor_name))


def _features(claim: Claim, actor_name: str) -> dict[str, Any]:
    actor: Any = get_broker().actors.get(actor_name)
    try:
        job = actor and actor.new_job(actor.message({}, None))
    except ValueError:
        job = None
    if job is None:
        # Another release knows it and will run it; this process must not die of it.
        log.error("%s of %s is no such actor here: it waits for a process that has it", actor_name, claim.id)
        return {"queue_name": claim.queue_name, "deadline": DEFAULTS["deadline"]}
    names = ("queue_name", "deadline", "options", *FEATURES)
    return {"tags": json.dumps(job.tags), **{name: getattr(job, name) for name in names}}


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
