"""Reads migrations before they run: what each would lose, and what it would keep waiting."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations import Migration, RunPython, RunSQL, operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

DELETES = re.compile(r"\b(DELETE FROM|TRUNCATE|DROP TABLE|DROP COLUMN|DROP SCHEMA)\b|\.delete\(", re.IGNORECASE)
OVERWRITES = re.compile(r"\bUPDATE\s+\w+\s+SET\b", re.IGNORECASE)
VOLATILE = re.compile(
    r"DEFAULT\b[^,]*\b(clock_timestamp|timeofday|random|gen_random_uuid|nextval|uuidv7)\b", re.IGNORECASE
)


def ours() -> dict[tuple[str, str], Migration]:
    """The migrations of the product's apps, by app and name."""
    found = MigrationLoader(None).disk_migrations
    assert found is not None
    return {key: each for key, each in found.items() if _is_ours(key[0])}


def losses(migration: Migration) -> dict[str, str]:
    """What the migration takes away, by name, each with why nothing brings it back."""
    found: dict[str, str] = {}
    for operation in _database_operations(migration):
        name = _name(operation)
        if not operation.reversible:
            found[name] = "it has no way back"
        elif isinstance(operation, operations.RemoveField | operations.DeleteModel):
            found[name] = "its reverse makes it anew, and empty"
        elif isinstance(operation, RunSQL):
            text = _sql(operation.sql)
            if DELETES.search(text):
                found[name] = "it deletes rows or columns"
            elif OVERWRITES.search(text) and operation.reverse_sql == RunSQL.noop:
                found[name] = "it overwrites, and its reverse does nothing"
        elif isinstance(operation, RunPython) and DELETES.search(_module_of(operation)):
            found[name] = "it deletes rows or columns"
    return found


def waits(migration: Migration, before: ProjectState) -> list[str]:
    """What would make the release that runs meanwhile wait or fail, a sentence for each statement."""
    with connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
        migration.apply(before.clone(), editor, collect_sql=True)
        statements = [line for line in editor.collected_sql if not line.startswith("--")]
    made = {found[1] for each in statements if (found := re.match(r'CREATE TABLE "(\w+)"', each))}
    told = [(each, why) for each in statements for why in _faults(each, made)]
    changed = [each for each in statements if re.match(r"(ALTER|DROP) TABLE", each) and not _is_of(each, made)]
    limited = next((place for place, each in enumerate(statements) if "lock_timeout" in each), None)
    if changed and (limited is None or limited > statements.index(changed[0])):
        told.append((changed[0], "begin with SET LOCAL lock_timeout: whoever comes after this lock request waits, too"))
    return [f"{statement[:90]}: {why}" for statement, why in told]


def _faults(statement: str, made: set[str]) -> Iterator[str]:
    if _is_of(statement, made):
        return
    adds = "ADD COLUMN" in statement
    if re.match(r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)", statement):
        yield "nobody can write until the index is built: AddIndexConcurrently"
    if adds and VOLATILE.search(statement):
        yield "it writes each row anew: add the column empty, fill it in pieces"
    if adds and re.search(r"GENERATED ALWAYS AS .* STORED|\bserial\b|AS IDENTITY", statement, re.IGNORECASE):
        yield "it writes each row anew"
    if adds and "NOT NULL" in statement and "DEFAULT" not in statement:
        yield "it fails where there are rows: give it a db_default"
    if re.search(r"ALTER COLUMN .* DROP DEFAULT", statement):
        yield "the release before writes rows without it: keep the default in the database (db_default)"
    if re.search(r"ALTER COLUMN .* TYPE ", statement):
        yield "it may write each row anew: add a column, fill it in pieces, change over"
    if re.search(r"ALTER COLUMN .* SET NOT NULL", statement):
        yield "it reads all rows meanwhile: a CHECK that is NOT VALID, validate it, then SET NOT NULL"
    if "ADD CONSTRAINT" in statement and not re.search(r"NOT VALID|USING INDEX", statement):
        yield "it reads all rows meanwhile: NOT VALID, and VALIDATE in a migration of its own"
    if re.search(r"DROP COLUMN|DROP TABLE|RENAME (COLUMN|TO)", statement):
        yield "the release before reads it: take it from the code first, from the database a release later"


def _is_of(statement: str, made: set[str]) -> bool:
    """Whether the statement is about a table that the same migration makes, which nobody uses yet."""
    found = re.search(r'(?:TABLE|ON|INTO|UPDATE) "(\w+)"', statement)
    return found is not None and found[1] in made


def _database_operations(migration: Migration) -> Iterator[Operation]:
    for operation in migration.operations:
        if isinstance(operation, operations.SeparateDatabaseAndState):
            yield from operation.database_operations
        else:
            yield operation


def _name(operation: Operation) -> str:
    if isinstance(operation, operations.RemoveField):
        return f"{operation.model_name}.{operation.name}"
    if isinstance(operation, RunPython):
        return operation.code.__name__
    if isinstance(operation, RunSQL):
        return " ".join(_sql(operation.sql).split())[:40]
    return str(getattr(operation, "name", operation.describe()))


def _sql(given: object) -> str:
    if isinstance(given, str):
        return given
    assert isinstance(given, list | tuple)
    return "\n".join(each if isinstance(each, str) else each[0] for each in given)


def _is_ours(app: str) -> bool:
    folder = Path(apps.get_app_config(app).path)
    return folder.is_relative_to(settings.BASE_DIR) and "site-packages" not in folder.parts


def _module_of(operation: RunPython) -> str:
    """The whole file: its statements are constants."""
    module = inspect.getmodule(operation.code)
    assert module is not None
    return inspect.getsource(module)
