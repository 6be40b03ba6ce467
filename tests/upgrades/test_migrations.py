"""No migration loses what it cannot bring back, none keeps the release that runs meanwhile waiting, and each app's
newest can be taken back and run again on a database with rows."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, models
from django.db.migrations import Migration, RunPython, RunSQL, operations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState
from django.db.models import functions

from tests.console.factories import make_world
from tests.stored_models import stored_models
from tests.upgrades.migrations_read import losses, ours, waits

# What is taken away on purpose, and where it is now.
MOVED = {
    ("calls", "0005_review_as_codes", "call.review_reason"): "each sentence is a code with facts, and is written back",
    ("calls", "0012_opt_outs_by_number", "customer.sms_opted_out_at"): "notifications 0005 made rows of OptOut of it",
    (
        "appointments",
        "0007_uids_of_companies",
        "ALTER TABLE appointments_calcomuid DROP ",
    ): "deletes rows that it has copied for each company, or that said nothing of a booking",
    ("queues", "0019_tables_by_day", "part"): "DROP is the way back's, after it has put all jobs into one table again",
    ("queues", "0021_figures_of_jobs", "add_columns"): "DROP is the way back's, of the columns that it adds",
    ("queues", "0022_snapshots_without_runs", "ActorSnapshot"): "keep_history has put it into the figures of jobs",
    **{
        ("queues", "0022_snapshots_without_runs", f"metricssnapshot.{name}"): "keep_history has put it into the figures"
        for name in ("seconds", "completed", "failed", "run_time")
    },
    ("queues", "0024_events_are_history", "fleetevent.alerted_at"): "who was told, and when, are rows of the watch",
}
# The newest migration of each app when `waits` began to read them. Earlier ones ran while nobody but us used AskPro.
READ_AFTER = {
    "api": "0002_limits",
    "appointments": "0019_found_by_search",
    "calls": "0032_numbers_called",
    "console": "0008_entrance",
    "health": "0001_initial",
    "metrics": "0002_totals_of_jobs",
    "notifications": "0014_failed",
    "privacy": "0006_incidents_end",
    "queues": "0027_profiles_of_running_jobs",
    "watch": "0001_initial",
    "webhooks": "0011_unknown_types",
}

# Migrations that `waits` objects to, with the reason why they may all the same.
ALLOWED: dict[tuple[str, str], str] = {}


def test_incident_26_no_migration_drops_what_it_cannot_bring_back() -> None:
    found = {(*key, name): why for key, each in ours().items() for name, why in losses(each).items()}

    assert {key: why for key, why in found.items() if not _is_moved(key)} == {}
    assert [key for key in MOVED if not any(_same(key, each) for each in found)] == [], "no such operation any more"


def _is_moved(key: tuple[str, str, str]) -> bool:
    return any(_same(each, key) for each in MOVED)


def _same(wanted: tuple[str, str, str], found: tuple[str, str, str]) -> bool:
    return wanted[:2] == found[:2] and found[2].startswith(wanted[2])


def nothing(apps: Any, schema_editor: Any) -> None:
    """Changes nothing."""


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        (operations.RemoveField("customer", "name"), "empty"),
        (operations.DeleteModel("Customer"), "empty"),
        (RunSQL("SELECT 1"), "no way back"),
        (RunPython(nothing), "no way back"),
        (RunSQL("DELETE FROM webhooks_webhookevent WHERE true", RunSQL.noop), "deletes"),
        (RunSQL("truncate calls_customer", RunSQL.noop), "deletes"),
        (RunSQL(["SELECT 1", ("DROP TABLE x", None)], RunSQL.noop), "deletes"),
        (RunSQL("ALTER TABLE x DROP COLUMN y", "ALTER TABLE x ADD COLUMN y int"), "deletes"),
        (RunSQL("UPDATE calls_call SET outcome = ''", RunSQL.noop), "overwrites"),
        (RunSQL("UPDATE calls_call SET outcome = ''", "UPDATE calls_call SET outcome = 'x'"), None),
        (RunSQL("SELECT 1", RunSQL.noop), None),
        (operations.AddField("customer", "x", models.IntegerField(null=True)), None),
        (operations.SeparateDatabaseAndState(state_operations=[operations.RemoveField("customer", "name")]), None),
        (operations.SeparateDatabaseAndState([operations.RemoveField("customer", "name")]), "empty"),
    ],
)
def test_what_a_migration_would_lose_is_found(operation: Any, why: str | None) -> None:
    found = [*losses(_migration(operation)).values()]

    assert [why in each for each in found if why] == ([True] if why else []), found
    assert bool(found) == bool(why)


@pytest.mark.django_db
def test_no_migration_keeps_the_release_before_waiting() -> None:
    loader = MigrationExecutor(connection).loader
    new = {key: each for key, each in ours().items() if each.name > READ_AFTER.get(key[0], "") and key not in ALLOWED}

    assert set(READ_AFTER.items()) <= set(ours()), "renamed: grandfather it by its new name"
    told = {key: waits(each, loader.project_state([*each.dependencies])) for key, each in new.items()}
    assert {key: each for key, each in told.items() if each} == {}


BRIEFLY = RunSQL("SET LOCAL lock_timeout = '1s'", RunSQL.noop)
INDEX = models.Index("created_at", name="x_created")
POSITIVE = models.CheckConstraint(condition=models.Q(id__gt=0), name="x")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([BRIEFLY, operations.AddField("customer", "x", models.IntegerField(null=True))], []),
        ([operations.AddField("customer", "x", models.IntegerField(null=True))], ["lock_timeout"]),
        ([operations.AddField("customer", "x", models.IntegerField(null=True)), BRIEFLY], ["lock_timeout"]),
        ([BRIEFLY, operations.AddField("customer", "x", models.IntegerField(db_default=0))], []),
        ([BRIEFLY, operations.AddField("customer", "x", models.IntegerField(default=0))], ["db_default"]),
        (
            [BRIEFLY, operations.AddField("customer", "x", models.FloatField(db_default=functions.Random()))],
            ["each row anew"],
        ),
        ([BRIEFLY, operations.AddField("customer", "x", models.DateTimeField(db_default=functions.Now()))], []),
        ([BRIEFLY, RunSQL('ALTER TABLE "calls_customer" ADD COLUMN x int NOT NULL', RunSQL.noop)], ["it fails"]),
        ([operations.AddIndex("customer", INDEX)], ["AddIndexConcurrently"]),
        ([RunSQL('CREATE INDEX CONCURRENTLY x ON "calls_customer" (created_at)', RunSQL.noop)], []),
        ([BRIEFLY, operations.AlterField("customer", "name", models.IntegerField())], ["may write each row anew"]),
        (
            [
                BRIEFLY,
                operations.AddConstraint("customer", models.CheckConstraint(condition=models.Q(id__gt=0), name="x")),
            ],
            ["NOT VALID"],
        ),
        (
            [
                BRIEFLY,
                RunSQL('ALTER TABLE "calls_customer" ADD CONSTRAINT x FOREIGN KEY (id) REFERENCES y (id)', RunSQL.noop),
            ],
            ["NOT VALID"],
        ),
        ([BRIEFLY, RunSQL('ALTER TABLE "calls_customer" ADD CHECK (id > 0) NOT VALID', RunSQL.noop)], []),
        ([BRIEFLY, operations.RemoveField("customer", "name")], ["a release later"]),
        ([BRIEFLY, operations.RenameField("customer", "name", "x")], ["a release later"]),
        ([BRIEFLY, RunSQL('ALTER TABLE "calls_customer" ALTER COLUMN name SET NOT NULL', RunSQL.noop)], ["reads all"]),
        (
            [
                operations.CreateModel(
                    "New",
                    [("id", models.BigAutoField(primary_key=True)), ("at", models.DateTimeField())],
                    options={"indexes": [models.Index("at", name="new_at")]},
                )
            ],
            [],
        ),
    ],
)
def test_what_would_wait_is_found(given: list[Any], told: list[str], now: ProjectState) -> None:
    found = waits(_migration(*given), now)

    assert len(found) == len(told), found
    assert all(why in each for why, each in zip(told, found, strict=True)), found


@pytest.fixture
def now() -> ProjectState:
    return MigrationExecutor(connection).loader.project_state()


def _migration(*given: Any) -> Migration:
    migration = Migration("0099_tried", "calls")
    migration.operations = [*given]
    return migration


@pytest.fixture
def _back_again(transactional_db: None) -> Iterator[None]:
    """Whatever happens, the database is left as the others need it."""
    yield
    MigrationExecutor(connection).migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())


@pytest.fixture
def rows(_back_again: None) -> None:
    make_world()


@pytest.mark.no_processes
@pytest.mark.xdist_group("upgrade")
@pytest.mark.usefixtures("_back_again")
@pytest.mark.parametrize("app", sorted(app for app, name in READ_AFTER.items() if not name.startswith("0001")))
def test_the_newest_migration_goes_back_and_forth_and_keeps_every_row(app: str, rows: None) -> None:
    """What the release before had stays; what only the newest has is made anew."""
    graph = MigrationExecutor(connection).loader.graph
    [newest] = [key for key in graph.leaf_nodes() if key[0] == app]
    [earlier] = [parent.key for parent in graph.node_map[newest].parents if parent.key[0] == app]
    before = _rows()

    MigrationExecutor(connection).migrate([earlier])
    kept = {table: _columns(table) for table in before}
    MigrationExecutor(connection).migrate(graph.leaf_nodes())
    after = _rows()

    assert sum(map(len, before.values())) > 20
    for table, columns in kept.items():
        assert _of(after[table], columns) == _of(before[table], columns), table


def _rows() -> dict[str, list[dict[str, Any]]]:
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(model._meta.db_table for model in stored_models()):
            if not table.startswith(("auth_", "django_")):
                cursor.execute(f'SELECT to_jsonb(t)::text FROM "{table}" AS t')
                found[table] = [json.loads(text) for (text,) in cursor.fetchall()]
    return found


def _columns(table: str) -> set[str]:
    """The columns that a table has now; none where there is no such table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
        return {name for (name,) in cursor.fetchall()}


def _of(rows: list[dict[str, Any]], columns: set[str]) -> list[str]:
    if not columns:
        return []
    return sorted(json.dumps({name: row[name] for name in columns & row.keys()}, sort_keys=True) for row in rows)
