"""Figures of jobs, folded from the ledger. What is in the ledger now is not counted: its snapshots have told it.

The two columns of the attempts are added without rewriting a row, and by a statement that gives up its lock at once
where somebody reads for long.
"""

import time
from typing import Any

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import OperationalError, migrations, models, transaction
from django.db.models.functions import Now

# Seconds between two tries to get a lock that some open transaction holds; nobody is kept waiting in between.
PAUSE = 1.0
COLUMNS = """
ALTER TABLE queues_attempt
    ADD COLUMN IF NOT EXISTS ready_at timestamptz,
    ADD COLUMN IF NOT EXISTS recorded_at timestamptz;
ALTER TABLE queues_attempt ALTER COLUMN recorded_at SET DEFAULT statement_timestamp()
"""
BACK = "ALTER TABLE queues_attempt DROP COLUMN ready_at, DROP COLUMN recorded_at"
BEGIN = """
INSERT INTO queues_metricfold (id, cluster, counted, counted_at, running)
SELECT 1, system_identifier, pg_current_snapshot()::text, clock_timestamp(), '{}' FROM pg_control_system()
"""
KINDS = [
    ("completed", "Runs that completed"),
    ("failed", "Runs that failed, for good or not"),
    ("cancelled", "Runs that ended by a cancellation"),
    ("wait", "Time from ready to started"),
    ("arrived", "Jobs that were sent"),
    ("dead", "Jobs that died"),
    ("memory", "Growth of a process by one run, in bytes"),
]
SERIES = ("at", "what", "queue_name", "actor_name", "company_id", "about", "bucket")


def tally(at: models.DateTimeField) -> list[tuple[str, Any]]:
    return [
        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
        ("at", at),
        ("what", models.CharField(choices=KINDS, max_length=10)),
        ("queue_name", models.CharField(max_length=50)),
        ("actor_name", models.CharField(db_default="", max_length=100)),
        ("company_id", models.BigIntegerField(db_default=0)),
        ("about", models.CharField(db_default="", help_text="The class of the error.", max_length=200)),
        ("bucket", models.SmallIntegerField(db_default=0, help_text="The range of the histogram.")),
        ("count", models.BigIntegerField(db_default=1)),
        ("total", models.FloatField(db_default=0.0, help_text="Seconds or bytes.")),
    ]


def begins() -> models.DateTimeField:
    return models.DateTimeField(help_text="The beginning of the minute, hour or day (UTC).")


def add_columns(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        while True:
            try:
                with transaction.atomic():
                    # Whoever waits for such a lock keeps everybody behind it waiting, too.
                    cursor.execute("SET LOCAL lock_timeout = '300ms'")
                    cursor.execute(COLUMNS)
                return
            except OperationalError as error:
                if "lock timeout" not in str(error):
                    raise
                time.sleep(PAUSE)


def drop_columns(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(BACK)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("queues", "0020_archived_jobs")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(add_columns, drop_columns)],
            state_operations=[
                migrations.AddField(
                    "attemptrow",
                    "ready_at",
                    models.DateTimeField(help_text="When the job had become ready for this run.", null=True),
                ),
                migrations.AddField(
                    "attemptrow",
                    "recorded_at",
                    models.DateTimeField(
                        db_default=Now(),
                        help_text="When it was written: later than its end, where PostgreSQL was away.",
                        null=True,
                    ),
                ),
            ],
        ),
        AddIndexConcurrently(
            "attemptrow",
            django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["recorded_at"], name="attempt_recorded", pages_per_range=32
            ),
        ),
        migrations.CreateModel("MetricDelta", tally(models.DateTimeField(db_default=Now())), {"abstract": False}),
        migrations.CreateModel(
            "MetricMinute", tally(begins()), {"indexes": [models.Index(models.F("at"), name="metric_minute_at")]}
        ),
        migrations.CreateModel(
            "MetricHour",
            tally(begins()),
            {"constraints": [models.UniqueConstraint(fields=SERIES, name="metric_hour_once")]},
        ),
        migrations.CreateModel(
            "MetricDay",
            tally(begins()),
            {"constraints": [models.UniqueConstraint(fields=SERIES, name="metric_day_once")]},
        ),
        migrations.CreateModel(
            "MetricFold",
            [
                ("id", models.SmallIntegerField(db_default=1, primary_key=True, serialize=False)),
                (
                    "cluster",
                    models.BigIntegerField(
                        help_text="PostgreSQL's system identifier: where the snapshots mean something."
                    ),
                ),
                ("counted", models.TextField()),
                (
                    "counted_at",
                    models.DateTimeField(help_text="What had ended and committed by then is in `counted`."),
                ),
                (
                    "running",
                    models.JSONField(
                        default=dict, help_text="Transactions that had written then, and when each began."
                    ),
                ),
                ("reading", models.TextField(db_default="")),
                ("reading_at", models.DateTimeField(null=True)),
                ("reading_running", models.JSONField(db_default={}, default=dict)),
                ("place", models.DateTimeField(null=True)),
                (
                    "rolled",
                    models.BigIntegerField(
                        db_default=0, help_text="The last minute's tally that is in its hour and its day."
                    ),
                ),
            ],
        ),
        migrations.RunSQL(BEGIN, migrations.RunSQL.noop),
    ]
