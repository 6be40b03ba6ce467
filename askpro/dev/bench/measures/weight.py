"""What a job of each kind costs in PostgreSQL: rows, bytes that stay, log (WAL) and statements."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection
from dramatiq import get_broker

from askpro.dev.bench import tasks
from askpro.dev.bench.report import Report
from askpro.dev.bench.session import Session
from askpro.dev.bench.sides.contenders import one
from askpro.dev.bench.weights import Weight
from askpro.queues import chain
from askpro.queues.chores import promotion
from askpro.queues.jobs.batches import Batch
from askpro.queues.ledger import claim, guards, history
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.database import Connection, EngineConnection, Params
from askpro.queues.ledger.outcome import COMPLETED, Outcome, decide
from askpro.queues.ledger.settle import Item, settle

JOBS = (2_000, 500)
# No pool of the benchmark works this queue: nobody else claims these jobs.
QUEUE = "low"
WORKER = -2
TOGETHER = 50
STEPS, MEMBERS = 5, 100
LOG = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
# Without the hot table: what is in it does not stay.
ROWS = " + ".join(
    f"(SELECT count(*) FROM {table})"
    for table in ("queues_job", "queues_attempt", "queues_batch", "queues_batchmember", "queues_uniquekey")
)
BYTES = """
SELECT sum(pg_total_relation_size(oid)) FROM pg_class
 WHERE relkind = 'r' AND relname <> 'queues_job_live'
   AND (relname LIKE 'queues_job_%' OR relname IN ('queues_attempt', 'queues_batch', 'queues_batchmember'))
"""


class Counted:
    """A connection that counts its statements."""

    def __init__(self, database: Connection) -> None:
        self._database = database
        self.statements = 0

    def rows(self, statement: str, params: Params = ()) -> list[tuple[Any, ...]]:
        self.statements += 1
        return self._database.rows(statement, params)


def measure(session: Session, report: Report) -> None:
    """Each kind is worked off here, by the worker's own statements: first job by job, then fifty at once."""
    count = session.effort.size(*JOBS)
    for kind, (send, outcome) in KINDS.items():
        session.steps.say(f"Weight of {kind}")
        report.weights.append(_weigh(kind, send, outcome, count))
        session.steps.done()


def _weigh(kind: str, send: Callable[[int], None], outcome: Callable[[Claim], Outcome], count: int) -> Weight:
    database = Counted(EngineConnection())
    # The first pages after a checkpoint are logged whole.
    send(count // 10)
    _work_off(database, outcome, TOGETHER)
    rows, size = _rows(), _size()
    logs, statements = [], []
    for at_once in (1, TOGETHER):
        log, counted = one(LOG), database.statements
        send(count)
        _work_off(database, outcome, at_once)
        logs.append(int(one(LOG) - log) / count)
        statements.append((database.statements - counted) / count)
    return Weight(
        kind,
        rows=(_rows() - rows) / (2 * count),
        kept=(_size() - size) / (2 * count),
        log_alone=logs[0],
        log_together=logs[1],
        statements_alone=statements[0],
    )


def _work_off(database: Connection, outcome: Callable[[Claim], Outcome], at_once: int) -> None:
    who = database, WORKER, QUEUE, get_broker().actors
    while claims := claim.by_age(who, at_once) or _later(who, at_once):
        may, _ = guards.sort_out(database, claims)
        _settle(database, may, outcome)
    while history.put_away(database):
        pass


def _later(who: claim.Who, at_once: int) -> list[Claim]:
    """What became ready by its time meanwhile."""
    return claim.by_age(who, at_once) if promotion.promote(who[0]) else []


def _settle(database: Connection, claims: Sequence[Claim], outcome: Callable[[Claim], Outcome]) -> None:
    settle(database, WORKER, "bench", [Item(each, outcome(each), each.started or 0.0) for each in claims])


def _rows() -> int:
    return int(one(f"SELECT {ROWS}"))


def _size() -> int:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM queues_job, queues_attempt, queues_batch, queues_batchmember")
    return int(one(BYTES))


def _completes(_: Claim) -> Outcome:
    return COMPLETED


def _fails_once(claimed: Claim) -> Outcome:
    if claimed.tries_spent:
        return COMPLETED
    return decide(ValueError("not now"), tries_left=1, tries_spent=0, backoff=(0,))


def _many(actor: Any) -> Callable[[int], None]:
    def send(count: int) -> None:
        get_broker().send_many([actor.message(call_id=number) for number in range(count)])  # type: ignore[attr-defined]

    return send


def _chains(count: int) -> None:
    for number in range(count // STEPS):
        chain([tasks.weighed_tagged.message(call_id=number) for _ in range(STEPS)]).send()


def _batches(count: int) -> None:
    for start in range(0, count, MEMBERS):
        Batch([tasks.weighed.message(call_id=start + number) for number in range(min(MEMBERS, count - start))]).send()


KINDS: dict[str, tuple[Callable[[int], None], Callable[[Claim], Outcome]]] = {
    "a job": (_many(tasks.weighed), _completes),
    "with two tags": (_many(tasks.weighed_tagged), _completes),
    "with two tags, a key and a tenant": (_many(tasks.weighed_keyed), _completes),
    f"a step of a chain of {STEPS}, two tags": (_chains, _completes),
    f"a member of a batch of {MEMBERS}": (_batches, _completes),
    "a job that fails once": (_many(tasks.weighed), _fails_once),
}
