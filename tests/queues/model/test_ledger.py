"""The ledger's statements in three sessions do what a small model says, in every order that hypothesis finds."""

import os
import time
from collections.abc import Iterator

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from askpro.queues.jobs import interventions
from askpro.queues.ledger import hints, recover
from askpro.queues.ledger.gate_sql import MAKE
from tests.queues.model.machine import GATE, Machine
from tests.queues.model.sessions import CLOCK, Session, heard
from tests.queues.model.stage import SESSIONS, WORKERS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_processes]

# How long it plays with `--long`.
MINUTES = float(os.environ.get("ASKPRO_MODEL_MINUTES", "60"))
EXAMPLES, STEPS = 50, 30
TABLES = (
    *("queues_job_live", "queues_job_failed", "queues_job", "queues_batch", "queues_batchmember", "queues_lock"),
    *("queues_uniquekey", "queues_attempt", "queues_pause", "queues_gate", "queues_metricdelta", "queues_worker"),
)
WORKER = "INSERT INTO queues_worker (id, pool, host, pid, status) VALUES (%s, 'model', 'here', 1, 'running')"
# Times that a row gets when it is written, by column; the clock that statements ask is the model's.
TIMES = (("queues_job", "created_at"), ("queues_job_live", "created_at"), ("queues_lock", "taken_at"))


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Iterator[type[Machine]]:
    """The machine with its sessions; what it needs is there at the beginning of each example. Of what the engine says
    to Redis, and of what its own statements settle, the machine hears."""
    monkeypatch.setattr(hints, "announce", heard.announce)
    for module in (interventions, recover):
        monkeypatch.setattr(module, "settle", heard.settle)
    with connection.cursor() as cursor:
        cursor.execute(CLOCK)
        for table, column in TIMES:
            cursor.execute(f"ALTER TABLE ONLY {table} ALTER {column} SET DEFAULT model_clock.clock_timestamp()")
    sessions = [Session() for _ in range(SESSIONS + 1)]

    class Ready(Machine):
        def __init__(self) -> None:
            super().__init__()
            for table in TABLES:
                self.ask(f"DELETE FROM {table}")
            self.ask(MAKE, (GATE,))
            for worker in WORKERS:
                self.ask(WORKER, (worker,))

    Ready.watcher, *Ready.sessions = sessions
    yield Ready
    for session in sessions:
        session.close()
    with connection.cursor() as cursor:
        for table, column in TIMES:
            cursor.execute(f"ALTER TABLE ONLY {table} ALTER {column} SET DEFAULT statement_timestamp()")
        cursor.execute("DROP SCHEMA model_clock CASCADE")


def run(machine: type[Machine], examples: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # The ids and the times of a second try are others: what was found is told as it was found.
            phases=[Phase.generate],
            database=None,
            report_multiple_bugs=False,
        ),
    )


def test_every_step_of_every_session_is_the_models(machine):
    run(machine, EXAMPLES)


@pytest.mark.long
def test_it_is_so_for_an_hour(machine):
    until = time.monotonic() + 60 * MINUTES
    while time.monotonic() < until:
        run(machine, 10 * EXAMPLES)
