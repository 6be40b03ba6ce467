"""For tests: run the jobs that were sent at once, in this process, with the real claim and the real settle."""

import time
from inspect import signature
from typing import Any

from django.db import connection
from dramatiq import get_broker

from askpro.queues.config import queue_names
from askpro.queues.jobs import failures
from askpro.queues.ledger import enqueue, guards
from askpro.queues.ledger.claim import Claim, by_age
from askpro.queues.ledger.current import current
from askpro.queues.ledger.database import DjangoConnection
from askpro.queues.ledger.outcome import Outcome
from askpro.queues.ledger.settle import Item, settle
from askpro.queues.models import Job
from askpro.queues.states import LATER

WORKER_ID = 0
MOST_RUNS = 1000


def run_jobs(*, due_or_not: bool = False) -> list[tuple[str, str]]:
    """Run ready jobs, and those they make ready, in the caller's transaction; returns (actor, status) of each run.

    With `due_or_not`, scheduled, retrying and released jobs run as if their time had come: once each.
    """
    ran: list[tuple[str, str]] = []
    postponed = set(Job.objects.exclude(run_at=None).values_list("pk", flat=True)) if due_or_not else set()
    while len(ran) < MOST_RUNS:
        claims = _claim_ready()
        if not claims and postponed:
            due = f"id = ANY(%s::uuid[]) AND status IN {LATER}"
            enqueue.make_ready(due, [[str(pk) for pk in postponed]])
            postponed = set()
            claims = _claim_ready()
        if not claims:
            return ran
        ran.extend((claim.actor_name, _run(claim)) for claim in claims)
    raise AssertionError(f"Jobs keep sending jobs: stopped after {MOST_RUNS}.")


def sent(actor: Any) -> list[dict[str, Any]]:
    """The keyword arguments of every unfinished job of an actor, oldest first."""
    jobs_of_actor = Job.objects.filter(actor_name=actor.actor_name, status__in=Job.LIVE).order_by("id")
    return list(jobs_of_actor.values_list("kwargs", flat=True))


def assert_sent(actor: Any, *, times: int | None = None, **arguments: Any) -> list[Job]:
    """The actor's jobs with at least these arguments, whatever became of them, oldest first.

    Fails when there is none, or not exactly `times` of them; then it lists what was sent to the actor instead.
    """
    jobs_of_actor = list(Job.objects.filter(actor_name=actor.actor_name).order_by("id"))
    said = [(job, signature(actor.fn).bind(*job.args, **job.kwargs).arguments) for job in jobs_of_actor]
    found = [job for job, given in said if arguments.items() <= given.items()]
    if len(found) == times or (times is None and found):
        return found
    wanted = f"{actor.actor_name}({', '.join(f'{name}={value!r}' for name, value in arguments.items())})"
    raise AssertionError(f"{wanted} was sent {len(found)} times; sent to it: {[dict(given) for _, given in said]}")


def _claim_ready() -> list[Claim]:
    actors = get_broker().actors
    with connection.cursor() as cursor:
        database = DjangoConnection(cursor)
        for queue_name in queue_names():
            while claims := by_age((database, WORKER_ID, queue_name, actors), 1):
                may, refused = guards.sort_out(database, claims)
                for claim, outcome in refused:
                    _settle(claim, outcome)
                if may:
                    return may
    return []


def _run(claim: Claim) -> str:
    actor: Any = get_broker().get_actor(claim.actor_name)
    claim.started = time.monotonic()
    current.claim, current.worker_id, current.code_version = claim, WORKER_ID, "test"
    error: BaseException | None = None
    try:
        actor(*claim.args, **claim.kwargs)
    except Exception as raised:  # noqa: BLE001 - a job may raise anything; it is settled exactly as in a worker
        error = raised
    try:
        outcome = actor.outcome(claim, error)
        failures.tell(claim, outcome, error)
    finally:
        current.claim = None
    return "completed" if claim.settled else _settle(claim, outcome)


def _settle(claim: Claim, outcome: Outcome) -> str:
    with connection.cursor() as cursor:
        item = Item(claim, outcome, time.monotonic())
        enqueue.announce(settle(DjangoConnection(cursor), WORKER_ID, "test", [item]).ready)
    return outcome.status
