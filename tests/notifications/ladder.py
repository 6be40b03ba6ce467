"""Runs a job under a fake clock, by the engine's own rules."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import time_machine
from django.db import connection

from askpro.queues.ledger.outcome import decide
from tests import gates


@dataclass
class Life:
    """How a job ended: the runs that spent a try, the seconds of each release, and its errors."""

    status: str = ""
    tries: int = 0
    releases: list[float] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)


def live(actor: Any, clock: time_machine.Traveller, *, most_runs: int = 30, **kwargs: Any) -> Life:
    """Run the job until it is completed, dead or cancelled, advancing the clock over every pause."""
    life = Life()
    for _ in range(most_runs):
        error: BaseException | None = None
        try:
            actor(**kwargs)
        except Exception as raised:  # noqa: BLE001 - as the engine does
            error = raised
            life.errors.append(raised)
        outcome = decide(
            error,
            tries_left=actor.word("max_retries") - life.tries,
            tries_spent=life.tries,
            backoff=actor.word("backoff"),
        )
        life.status = outcome.status
        life.tries += outcome.spends_try or outcome.status == "completed"
        if outcome.run_in is None:
            return life
        pause = outcome.run_in if outcome.parking is None else _until_it_opens(outcome.parking.gate)
        if not outcome.spends_try:
            life.releases.append(pause)
        clock.shift(timedelta(seconds=pause))
        gates.let_pass(pause)
    raise AssertionError(f"still {life.status} after {most_runs} runs")


def _until_it_opens(gate: str) -> float:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM shut_until - clock_timestamp())::float8 FROM queues_gate WHERE name = %s", [gate]
        )
        return float(cursor.fetchone()[0])
