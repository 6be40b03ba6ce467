"""A ledger in use is upgraded while the release before works on, and after it that release still works."""

import threading
import time
import uuid
from collections.abc import Iterator

import psycopg2
import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from askpro.queues.ledger import history
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.models import Attempt, Job
from askpro.queues.states import LIVE_DAY

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_processes, pytest.mark.xdist_group("upgrade")]
BEFORE, AFTER = [("queues", "0018_fair_key")], [("queues", "0019_tables_by_day")]

# The statements of the release before, word for word but for their parameters.
SEND = """
INSERT INTO queues_job (id, actor_name, queue_name, args, kwargs, options, tags, status, ready_at)
VALUES (%s, 'nothing', 'default', '[]', '{}', '{}', '{call:1}', 'queued', clock_timestamp())
"""
CLAIM = """
WITH ready AS MATERIALIZED (
    SELECT id FROM queues_job WHERE status = 'queued' AND queue_name = 'default' ORDER BY ready_at, id LIMIT 10
       FOR UPDATE SKIP LOCKED
)
UPDATE queues_job AS job SET status = 'processing', worker_id = 7, claim_no = job.claim_no + 1
  FROM ready WHERE job.id = ready.id RETURNING job.id::text
"""
SETTLE = """
WITH settled AS (
    UPDATE queues_job AS job
       SET status = 'completed', worker_id = NULL, run_at = NULL, finished_at = statement_timestamp()
     WHERE job.id = ANY(%s::uuid[]) AND job.status = 'processing' AND job.worker_id = 7
 RETURNING id, claim_no
)
INSERT INTO queues_attempt (job_id, claim_no, outcome, started_at, finished_at, worker_id, code_version)
SELECT id, claim_no, 'completed', statement_timestamp(), statement_timestamp(), 7, 'v1' FROM settled
RETURNING job_id::text
"""


class OldRelease(threading.Thread):
    """A process of the release before: sends, claims and settles on a connection of its own until it is stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []
        self.settled: list[str] = []
        self._over = threading.Event()
        self._connection = psycopg2.connect(**connection.get_connection_params())
        self._connection.autocommit = True

    def run(self) -> None:
        cursor = self._connection.cursor()
        while not self._over.is_set():
            job_id = str(uuid.uuid4())
            cursor.execute(SEND, [job_id])
            self.sent.append(job_id)
            cursor.execute(CLAIM)
            cursor.execute(SETTLE, [[job_id for (job_id,) in cursor.fetchall()]])
            self.settled += [job_id for (job_id,) in cursor.fetchall()]
            time.sleep(0.002)
        self._connection.close()

    def stop(self) -> None:
        self._over.set()
        self.join()


@pytest.fixture
def old_ledger() -> Iterator[None]:
    """The ledger as the release before left it; afterwards upgraded to what it was, whatever happens."""
    migrate(BEFORE)
    yield
    migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())


@pytest.fixture
def old_release(old_ledger: None) -> Iterator[OldRelease]:
    release = OldRelease()
    release.start()
    wait_for(release, 20)
    yield release
    release.stop()


def test_no_job_is_lost_or_held_up_by_the_upgrade(old_release: OldRelease) -> None:
    migrate(AFTER)
    wait_for(old_release, len(old_release.settled) + 20)
    old_release.stop()

    assert sorted(old_release.settled) == sorted(old_release.sent)
    assert Job.objects.filter(status="completed", day=LIVE_DAY).count() == len(old_release.sent)
    database = EngineConnection()
    while history.put_away(database):
        pass
    assert Job.objects.filter(status="completed").exclude(day=LIVE_DAY).count() == len(old_release.sent)
    assert Attempt.objects.count() == len(old_release.sent)


def test_an_open_transaction_delays_it_and_keeps_nobody_waiting(old_release: OldRelease) -> None:
    reader = psycopg2.connect(**connection.get_connection_params())
    reader.cursor().execute("SELECT count(*) FROM queues_job")
    upgrade = threading.Thread(target=migrate_in_a_thread)
    upgrade.start()

    time.sleep(2.5)
    assert upgrade.is_alive()
    before = len(old_release.settled)
    wait_for(old_release, before + 50)
    reader.rollback()
    upgrade.join(30)
    assert not upgrade.is_alive()


@pytest.mark.parametrize("reached", ["columns", "validated", "index", "both"])
def test_it_goes_on_where_it_was_interrupted(old_ledger: None, reached: str) -> None:
    from importlib import import_module

    steps = import_module("askpro.queues.migrations.0019_tables_by_day")
    with connection.cursor() as cursor:
        done = {"columns": steps.COLUMNS, "validated": steps.VALIDATE, "index": steps.OVER, "both": steps.RUNNING}
        for name, statement in done.items():
            cursor.execute(statement)
            if name == reached:
                break
    migrate(AFTER)
    assert not Job.objects.exists()


def test_the_way_back_keeps_every_job_and_attempt(old_ledger: None) -> None:
    migrate(AFTER)
    with connection.cursor() as cursor:
        for number in range(3):
            cursor.execute(SEND, [str(uuid.UUID(int=number + 1))])
        cursor.execute(CLAIM)
        cursor.execute(SETTLE, [[str(uuid.UUID(int=1))]])
    history.put_away(EngineConnection())
    migrate(BEFORE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT status, count(*) FROM queues_job GROUP BY 1 ORDER BY 1")
        assert cursor.fetchall() == [("completed", 1), ("processing", 2)]
        cursor.execute("SELECT count(*) FROM queues_attempt")
        assert cursor.fetchone() == (1,)


def migrate(targets: list[tuple[str, str]]) -> None:
    MigrationExecutor(connection).migrate(targets)


def migrate_in_a_thread() -> None:
    try:
        migrate(AFTER)
    finally:
        connection.close()


def wait_for(release: OldRelease, count: int) -> None:
    deadline = time.monotonic() + 20
    while len(release.settled) < count:
        assert time.monotonic() < deadline and release.is_alive()
        time.sleep(0.02)
