"""Finished jobs leave the hot table: `queues_job` becomes the parent of it and of the tables of the failed and of days.

Online, and resumable at each step. No row is rewritten or moved here: the rows of finished jobs stay where they are
until the chores put them away, a thousand at a time. A release from before this migration goes on beside it: to it,
`queues_job` is the table that it always was.
"""

import time
from collections.abc import Callable
from typing import Any

import django.db.models.deletion
from django.db import OperationalError, migrations, models, transaction

from askpro.queues.ledger import history
from askpro.queues.ledger.database import DjangoConnection
from askpro.queues.states import FAILED, FAILED_DAY, LIVE_DAY

# Seconds between two tries to get a lock that some open transaction holds; nobody is kept waiting in between.
PAUSE = 1.0
IS_PARTED = "SELECT relkind = 'p' FROM pg_class WHERE oid = 'queues_job'::regclass"
COLUMNS = f"""
ALTER TABLE queues_job
    ADD COLUMN IF NOT EXISTS started_at timestamptz,
    ADD COLUMN IF NOT EXISTS day date NOT NULL DEFAULT '{LIVE_DAY}',
    DROP CONSTRAINT IF EXISTS queues_job_live_day;
ALTER TABLE queues_job ADD CONSTRAINT queues_job_live_day CHECK (day = '{LIVE_DAY}') NOT VALID
"""
# Reads every row, and lets everybody work meanwhile.
VALIDATE = "ALTER TABLE queues_job VALIDATE CONSTRAINT queues_job_live_day"
OVER = """
CREATE INDEX CONCURRENTLY IF NOT EXISTS job_over ON queues_job (finished_at)
 WHERE status IN ('completed', 'dead', 'cancelled')
"""
# Running jobs by their queue and age, so that counts of them can begin at the oldest.
RUNNING = """
CREATE INDEX CONCURRENTLY IF NOT EXISTS job_running ON queues_job (queue_name, ready_at, worker_id)
 WHERE status = 'processing'
"""
# Half of each page is left free, so that a job's next version finds room beside the last one: PostgreSQL then logs only
# what differs. Dead rows are cleared away after as many changes, however large a backlog is.
PART = f"""
ALTER TABLE queues_job RENAME TO queues_job_live;
ALTER TABLE queues_job_live SET (fillfactor = 50, autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE TABLE queues_job (LIKE queues_job_live INCLUDING DEFAULTS) PARTITION BY LIST (day);
ALTER TABLE queues_job ATTACH PARTITION queues_job_live FOR VALUES IN ('{LIVE_DAY}');
CREATE TABLE queues_job_failed (
    LIKE queues_job_live INCLUDING DEFAULTS,
    CONSTRAINT queues_job_failed_day CHECK (day = '{FAILED_DAY}'),
    CONSTRAINT queues_job_failed_status CHECK (status IN {FAILED}),
    CONSTRAINT queues_job_failed_pkey PRIMARY KEY (id)
);
CREATE INDEX job_failed_at ON queues_job_failed (finished_at) WHERE status = 'dead';
CREATE INDEX job_failed_batch ON queues_job_failed (batch_id, status) WHERE batch_id IS NOT NULL;
CREATE INDEX job_failed_chain ON queues_job_failed (chain_id, chain_step) WHERE chain_id IS NOT NULL;
CREATE INDEX job_failed_tags ON queues_job_failed USING gin (tags) WITH (gin_pending_list_limit = 256) WHERE NOT tags = '{{}}';
ALTER TABLE queues_job ATTACH PARTITION queues_job_failed FOR VALUES IN ('{FAILED_DAY}');
DROP INDEX IF EXISTS job_dead, job_processing;
CREATE VIEW queues_attempt_told AS
SELECT job_id, claim_no, outcome, started_at, finished_at, worker_id, code_version, expected, error_class,
       error_message, trace, log, progress_done, progress_total, fingerprint
  FROM queues_attempt
UNION ALL
SELECT id, claim_no, 'completed', started_at, finished_at, worker_id,
       coalesce((SELECT code_version FROM queues_worker WHERE id = worker_id), ''), false, '', '', '', '',
       progress_done, progress_total, ''
  FROM queues_job WHERE status = 'completed' AND started_at IS NOT NULL
"""
BACK = f"""
DROP VIEW queues_attempt_told;
INSERT INTO queues_attempt (job_id, claim_no, outcome, started_at, finished_at, worker_id)
SELECT id, claim_no, 'completed', started_at, finished_at, worker_id
  FROM queues_job WHERE status = 'completed' AND started_at IS NOT NULL;
ALTER TABLE queues_job DETACH PARTITION queues_job_live;
ALTER TABLE queues_job_live DROP CONSTRAINT queues_job_live_day;
INSERT INTO queues_job_live SELECT * FROM queues_job;
DROP TABLE queues_job;
ALTER TABLE queues_job_live RENAME TO queues_job;
ALTER TABLE queues_job DROP COLUMN day, DROP COLUMN started_at;
CREATE INDEX job_dead ON queues_job (finished_at) WHERE status = 'dead';
CREATE INDEX job_processing ON queues_job (worker_id) WHERE status = 'processing';
DROP INDEX job_over, job_running
"""


def part(apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute(IS_PARTED)
        if not cursor.fetchone()[0]:
            _patiently(lambda: _at_once(cursor, COLUMNS))
            cursor.execute(VALIDATE)
            cursor.execute(OVER)
            cursor.execute(RUNNING)
            _patiently(lambda: _at_once(cursor, PART))
        history.prepare_days(DjangoConnection(cursor))


def back(apps: Any, schema_editor: Any) -> None:
    with transaction.atomic(), schema_editor.connection.cursor() as cursor:
        cursor.execute(BACK)


def _at_once(cursor: Any, statements: str) -> None:
    with transaction.atomic():
        # Whoever waits for such a lock keeps everybody behind it waiting, too.
        cursor.execute("SET LOCAL lock_timeout = '300ms'")
        cursor.execute(statements)


def _patiently(step: Callable[[], None]) -> None:
    while True:
        try:
            return step()
        except OperationalError as error:
            if "lock timeout" not in str(error):
                raise
            time.sleep(PAUSE)


ATTEMPT: list[tuple[str, Any]] = [
    ("pk", models.CompositePrimaryKey("job_id", "claim_no", editable=False, primary_key=True, serialize=False)),
    (
        "job",
        models.ForeignKey(
            "queues.job",
            on_delete=django.db.models.deletion.DO_NOTHING,
            db_constraint=False,
            db_index=False,
            related_name="attempts",
        ),
    ),
    ("claim_no", models.IntegerField()),
    ("outcome", models.CharField(max_length=10)),
    ("started_at", models.DateTimeField(null=True)),
    ("finished_at", models.DateTimeField(null=True)),
    ("worker_id", models.BigIntegerField(null=True)),
    ("code_version", models.CharField(max_length=64, db_default="")),
    ("expected", models.BooleanField(db_default=False)),
    ("error_class", models.CharField(max_length=200, db_default="")),
    ("error_message", models.CharField(max_length=1000, db_default="")),
    ("trace", models.TextField(db_default="")),
    ("log", models.TextField(db_default="")),
    ("progress_done", models.IntegerField(null=True)),
    ("progress_total", models.IntegerField(null=True)),
    ("fingerprint", models.CharField(max_length=16, db_default="")),
]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("queues", "0018_fair_key")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(part, back)],
            state_operations=[
                migrations.AddField(
                    "job",
                    "started_at",
                    models.DateTimeField(
                        null=True, help_text="When the run began that completed it, if the row tells it."
                    ),
                ),
                migrations.AddField(
                    "job", "day", models.DateField(db_default=LIVE_DAY, help_text="Which table it is in.")
                ),
                migrations.RemoveIndex("job", "job_dead"),
                migrations.RemoveIndex("job", "job_processing"),
                migrations.AddIndex(
                    "job",
                    models.Index(
                        "queue_name",
                        "ready_at",
                        "worker_id",
                        condition=models.Q(status="processing"),
                        name="job_running",
                    ),
                ),
                migrations.AddIndex(
                    "job",
                    models.Index(
                        "finished_at",
                        condition=models.Q(status__in=["completed", "dead", "cancelled"]),
                        name="job_over",
                    ),
                ),
                migrations.RenameModel("Attempt", "AttemptRow"),
                migrations.AlterModelTable("attemptrow", "queues_attempt"),
                migrations.AlterField(
                    "attemptrow",
                    "job",
                    models.ForeignKey(
                        "queues.job",
                        on_delete=django.db.models.deletion.CASCADE,
                        db_constraint=False,
                        db_index=False,
                        related_name="+",
                    ),
                ),
                migrations.CreateModel("Attempt", ATTEMPT, {"db_table": "queues_attempt_told", "managed": False}),
            ],
        )
    ]
