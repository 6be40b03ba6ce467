"""While somebody's transaction keeps dead rows, the looks of the engine cost what they cost without them."""

import os
import time
from collections import defaultdict

import pytest
from dramatiq import get_broker

from askpro.queues import send_many
from askpro.queues.chores import late_queues, promotion
from askpro.queues.errors import Rejected
from askpro.queues.fleet.backlog import backlogs
from askpro.queues.ledger import floors, history
from askpro.queues.ledger.claim import by_age
from askpro.queues.ledger.floors import Floor
from askpro.queues.ledger.outcome import COMPLETED, decide
from askpro.queues.ledger.settle import Item, settle
from askpro.queues.ledger.turns import by_turn
from tests.locks import somebody_holds
from tests.queues import actors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_processes]
IS_LONG = os.environ.get("ASKPRO_TEST_LONG") == "1"
JOBS = 100_000 if IS_LONG else 2_000
BITE = 500
# Buffers that a look reads beside dead rows: the pages of a few indexes.
FEW = 60


FAILED = decide(ValueError("x"), tries_left=3, tries_spent=0, backoff=())
REJECTED = decide(Rejected("no"), tries_left=3, tries_spent=0, backoff=())


class Counted:
    """A connection that counts the buffers which PostgreSQL reads for each statement."""

    def __init__(self, database):
        self.database = database
        self.buffers = 0

    def rows(self, statement, params=()):
        self._count(statement, params)
        return self.database.rows(statement, params)

    def rows_prepared(self, preparation, execution, params):
        self.database.rows_prepared(preparation, execution, params)
        self._count(execution, params)
        return self.database.rows(execution, params)

    def _count(self, statement, params):
        self.database.rows("BEGIN")
        ((plan,),) = self.database.rows(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", params)
        self.database.rows("ROLLBACK")
        self.buffers += plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"]


def who(database):
    return database, 1, "default", get_broker().actors


def run_jobs(database, count):
    """So many are sent with a delay, made ready and claimed; one half completes, and the other is put away dead."""
    due, ready, over = Floor(), Floor(), Floor()
    for _ in range(count // BITE):
        send_many([actors.takes_turns.message(number % 20) for number in range(BITE)], delay=1)
        time.sleep(0.002)
        assert promotion.promote(database, due) == BITE
        claims = by_age(who(database), BITE, ready)
        assert len(claims) == BITE
        settle(database, 1, "v1", [Item(claim, COMPLETED, 0.0) for claim in claims[::2]])
        settle(database, 1, "v1", [Item(claim, REJECTED, 0.0) for claim in claims[1::2]])
        assert history.put_away(database, over) == BITE // 2


LOOKS = {
    "claim by age": lambda: (lambda database, floor: by_age(who(database), 10, floor), Floor()),
    "claim in turn": lambda: (lambda database, floor: by_turn(who(database), 10, floor=floor), Floor()),
    "promotion": lambda: (promotion.promote, Floor()),
    "backlog": lambda: (lambda database, each: backlogs(database, (), each), defaultdict(Floor)),
    "putting away": lambda: (history.put_away, Floor()),
    "late queues": lambda: (late_queues._measure, defaultdict(Floor)),
}


def count_jobs_that_are_ready(database):
    """PostgreSQL keeps what it counted of a table when the rows are gone: here, that no job waits for a time."""
    send_many([actors.nothing.message(number) for number in range(BITE)])
    database.rows("ANALYZE queues_job_live")
    database.rows("TRUNCATE queues_job")


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_passes_the_dead_rows_now_and_then_only(database, monkeypatch, name):
    if not IS_LONG:
        # As if these few were many.
        monkeypatch.setattr(floors, "CHEAP", -1_000_000_000)
    count_jobs_that_are_ready(database)
    look, floor = LOOKS[name]()
    with somebody_holds("SELECT pg_current_xact_id()"):
        run_jobs(database, JOBS)
        # As autovacuum does meanwhile: from now on the table counts as empty.
        database.rows("ANALYZE queues_job_live")
        time.sleep(5.1)
        costs = []
        for _ in range(6):
            counted = Counted(database)
            began = time.monotonic()
            look(counted, floor)
            costs.append((counted.buffers, time.monotonic() - began))
    print(f"\n{name}: " + ", ".join(f"{buffers} buffers ({took * 1000:.1f} ms)" for buffers, took in costs))
    assert costs[0][0] > JOBS / 25
    # From tenant to tenant, a claim in turn passes the index entries, but not the rows.
    few = FEW + JOBS // 50 if name == "claim in turn" else FEW
    # Now and then one looks at the whole.
    assert sum(buffers >= few for buffers, _ in costs[2:]) <= 1


def test_a_claim_in_turn_does_not_count_jobs_that_ran_long_ago(database, monkeypatch):
    monkeypatch.setattr(floors, "CHEAP", -1_000_000_000)
    floor, running = Floor(), Floor()
    with somebody_holds("SELECT pg_current_xact_id()"):
        run_jobs(database, JOBS)
        time.sleep(5.1)
        for number in range(20):
            actors.takes_turns.send(number)
        costs = []
        for _ in range(5):
            counted = Counted(database)
            claims, _ = by_turn(who(counted), 2, floor=floor, running=running)
            assert len(claims) == 2
            costs.append(counted.buffers)
    print(f"\nclaims in turn: {costs} buffers")
    assert costs[0] > JOBS / 25
    assert max(costs[2:]) < costs[0] / 5


@pytest.mark.parametrize("outcome", [COMPLETED, FAILED], ids=["completed", "failed"])
def test_settling_looks_up_its_jobs_and_no_others(database, outcome):
    with somebody_holds("SELECT pg_current_xact_id()"):
        run_jobs(database, JOBS)
        database.rows("ANALYZE queues_job_live")
        for number in range(5):
            actors.nothing.send(number)
        claims = by_age(who(database), 5)
        counted = Counted(database)
        settled = settle(counted, 1, "v1", [Item(claim, outcome, 0.0) for claim in claims])
    print(f"\n{outcome.status}: {counted.buffers} buffers")
    assert len(settled.ids) == 5
    assert counted.buffers < 5 * FEW
