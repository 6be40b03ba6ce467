"""Runs a job's function here, in the caller's transaction, to see what it would do: no row of the job is touched."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from askpro.queues.ids import uuid7
from askpro.queues.jobs.actor import LedgerActor
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.current import current
from askpro.queues.ledger.outcome import Outcome
from askpro.queues.ledger.running import run


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """How the run ended, and so what would become of the job; and what the function said in its log."""

    outcome: Outcome
    log: list[str] = field(default_factory=list)


def rehearse(
    actor: LedgerActor[Any, Any],
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    job_id: str = "",
    options: Mapping[str, Any] | None = None,
    features: Mapping[str, Any] | None = None,
) -> Rehearsed:
    """The function is judged and run as in a worker, with one try left. Of a job that exists, its id, options and
    features (chain, batch) are what the function would find.

    What the function writes is the caller's to roll back. Raises only what is no `Exception`.
    """
    claim = _claim(actor, args, kwargs or {}, job_id or str(uuid7()), options or {}, features or {})
    error: Exception | None = None
    was, current.claim = current.claim, claim
    try:
        actor.judge(claim.args, claim.kwargs)
        with transaction.atomic() if actor.word("atomic") else nullcontext():
            run(actor.fn, tuple(claim.args), claim.kwargs)
    except Exception as raised:  # noqa: BLE001 - a job may raise anything; it is judged exactly as in a worker
        error = raised
    finally:
        current.claim = was
    return Rehearsed(actor.outcome(claim, error), claim.log)


def _claim(
    actor: LedgerActor[Any, Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    job_id: str,
    options: Mapping[str, Any],
    features: Mapping[str, Any],
) -> Claim:
    return Claim(
        id=job_id,
        actor_name=actor.actor_name,
        queue_name=actor.queue_name,
        args=list(args),
        kwargs=dict(kwargs),
        options=dict(options),
        claim_no=0,
        # A retry gives a dead job one more run.
        tries_spent=int(actor.word("max_retries", dict(options))),
        extra_tries=0,
        losses=0,
        overdue=False,
        created_ms=0,
        features=dict(features) or None,
    )
