"""One id for everything that a request, or a job that nobody's request led to, has caused: jobs, calls out, log lines.

A job that was sent by other work carries that work's id among its options; any other job is the beginning of a story,
whose id is its own. So nothing is stored for it, and no statement of the engine knows of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.current import current

# The option that carries it. No sender can set it: `MESSAGE_WORDS` does not have it.
OPTION = "correlation"

_given: ContextVar[str] = ContextVar("correlation", default="")


def correlation() -> str:
    """The id of what this thread works on now; "" where it works on nothing that has one."""
    return _given.get() or (correlation_of(current.claim) if current.claim else "")


def correlation_of(claim: Claim) -> str:
    """The id of the story that a job belongs to."""
    return str(claim.options.get(OPTION) or claim.id)


def carried(options: dict[str, Any]) -> dict[str, Any]:
    """The options of a job that is sent now, with the id of the work that sends it."""
    told = correlation()
    return {**options, OPTION: told} if told else options


@contextmanager
def correlated(told: str) -> Iterator[None]:
    """Within the block everything belongs to the story with this id."""
    token = _given.set(told)
    try:
        yield
    finally:
        _given.reset(token)
