"""How long a sender waits: for `send()` in a transaction, and for unique sends that find a waiting copy."""

import time
from collections.abc import Callable
from itertools import count as numbers

from django.db import transaction

from askpro.dev.bench import tasks
from askpro.dev.bench.figures import Figure, Target, percentile
from askpro.dev.bench.models import Effect
from askpro.dev.bench.report import Report
from askpro.dev.bench.session import Session
from askpro.dev.bench.sides.arena import rest
from askpro.dev.bench.sides.contenders import Ours
from askpro.dev.bench.sides.meter import Meter
from askpro.dev.up.failure import Failure
from askpro.queues.models import Job

SENDS = (3_000, 600)
TRANSACTIONS = (1_000, 200)


def measure_unique(session: Session, report: Report) -> None:
    """Each send commits. No worker runs meanwhile, so the second send of a number finds the first one's job."""
    ours = session.arena.ours
    half = session.effort.size(*SENDS) // 2
    plain, unique, strangers = [], [], []
    unused = numbers()
    for number in range(session.effort.rounds):
        session.steps.say(f"Unique sends, round {number + 1}")
        fresh = [next(unused) for _ in range(half)]
        meter = Meter(ours.program)
        plain.append(_rate(tasks.numbered.send, fresh))
        unique.append(_rate(tasks.single.send, fresh))
        strangers.append(meter.read().strangers)
        _check("numbered", 2 * half)
        _check("single", half)
        _clear(ours)
        session.steps.done()
    report.figures.append(
        Figure(
            "unique sends, half of them find a copy",
            "sends/s",
            unique,
            plain,
            "sends of the same job without `unique_by`",
            strangers=strangers,
        )
    )


def measure_transaction(session: Session, report: Report) -> None:
    """The same transaction with and without a `send()`, in turns. The time includes telling Redis after the commit."""
    ours = session.arena.ours
    count = session.effort.size(*TRANSACTIONS)
    rounds: list[tuple[list[float], list[float]]] = []
    strangers = []
    for number in range(session.effort.rounds):
        session.steps.say(f"send() in a transaction, round {number + 1}")
        meter = Meter(ours.program)
        rounds.append(_transactions(count))
        strangers.append(meter.read().strangers)
        _check("empty", count)
        _clear(ours)
        session.steps.done()
    for name, share, target in (("p50", 0.5, Target("askpro", at_most=0.5)), ("p99", 0.99, None)):
        with_it = [percentile(sending, share) for sending, _ in rounds]
        without = [percentile(bare, share) for _, bare in rounds]
        report.figures.append(
            Figure(
                f"send() adds to a transaction, {name}",
                "ms",
                [more - less for more, less in zip(with_it, without, strict=True)],
                without,
                "the whole transaction without it: one INSERT",
                target,
                is_compared=False,
                strangers=strangers,
            )
        )


def _rate(send: Callable[..., object], fresh: list[int]) -> float:
    """Sends a second; each number comes twice, one right after the other."""
    began = time.perf_counter()
    for number in fresh:
        send(number=number)
        send(number=number)
    return 2 * len(fresh) / (time.perf_counter() - began)


def _transactions(count: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each transaction that sends, and of each that does not."""
    sending, bare = [], []
    for number in range(count):
        sending.append(_transaction(number, tasks.empty.send))
        bare.append(_transaction(number, lambda: None))
    return sending, bare


def _transaction(number: int, send: Callable[[], object]) -> float:
    began = time.perf_counter()
    with transaction.atomic():
        Effect.objects.create(number=number)
        send()
    return (time.perf_counter() - began) * 1000


def _check(actor_name: str, expected: int) -> None:
    waiting = Job.objects.filter(actor_name=actor_name, status=Job.Status.QUEUED).count()
    if waiting != expected:
        raise Failure(f"{waiting} jobs of {actor_name} wait, not {expected}: the figure would mean nothing.")


def _clear(ours: Ours) -> None:
    ours.finish()
    rest(ours)
