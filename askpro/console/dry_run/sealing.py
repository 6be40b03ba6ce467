"""A transaction that cannot be committed, on the only connection that this process may have."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg2
from django.db import connection, transaction

from askpro import outside

# Milliseconds of one statement, and of one wait for a locked row: what a worker holds is not waited for long.
LONGEST_STATEMENT: Final = 3000
LONGEST_WAIT: Final = 1000
# One at a time in the whole installation. Given back with the transaction.
ALONE: Final = "SELECT pg_try_advisory_xact_lock(hashtext('askpro.console.dry_run'))"
# Two equal rows under a constraint that is checked at COMMIT: PostgreSQL itself refuses one, whoever sends it.
SEAL: Final = """
CREATE TEMPORARY TABLE dry_run_seal (broken integer UNIQUE DEFERRABLE INITIALLY DEFERRED);
INSERT INTO dry_run_seal VALUES (1), (1)
"""
UNSEAL: Final = "DELETE FROM dry_run_seal"


class Busy(Exception):
    """Another dry run is under way."""


@contextmanager
def sealed() -> Iterator[None]:
    """A transaction that is rolled back at the end of the block, whatever happens in it. Raises `Busy`."""
    with outermost():
        with connection.cursor() as cursor:
            # The session may only read, if its process says so: this transaction alone may write.
            cursor.execute("SET TRANSACTION READ WRITE")
            cursor.execute(ALONE)
            if not cursor.fetchone()[0]:
                raise Busy(Busy.__doc__)
            cursor.execute(f"SET LOCAL statement_timeout = {LONGEST_STATEMENT}")
            cursor.execute(f"SET LOCAL lock_timeout = {LONGEST_WAIT}")
            cursor.execute(SEAL)
        try:
            yield
        finally:
            transaction.set_rollback(True)


def outermost() -> Any:
    """An atomic block that code inside does not see, as a test case's: it may open durable ones, and ask vendors."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined] # Django's own name for a block around everything
    return block


def is_outermost() -> bool:
    """Whether the code that runs is in no block but ours: without a dry run, it would be in no transaction."""
    blocks = connection.atomic_blocks
    return bool(blocks) and getattr(blocks[-1], "_from_testcase", False)


@contextmanager
def own_savepoints() -> Iterator[None]:
    """A block that would be a transaction is at least a savepoint, even if it asks for none (`savepoint=False`)."""
    enters = transaction.Atomic.__enter__

    def enter(block: transaction.Atomic) -> None:
        block.savepoint = block.savepoint or is_outermost()
        enters(block)

    transaction.Atomic.__enter__ = enter  # type: ignore[method-assign]
    try:
        yield
    finally:
        transaction.Atomic.__enter__ = enters  # type: ignore[method-assign]


def check_constraints() -> None:
    """What PostgreSQL would check at a COMMIT. Nothing may be done in the transaction after this but to roll back.

    Raises `IntegrityError`.
    """
    with connection.cursor() as cursor:
        cursor.execute(UNSEAL)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@contextmanager
def only_connection() -> Iterator[None]:
    """No further connection to PostgreSQL is opened: not the engine's own, and none of another thread."""
    connection.ensure_connection()
    opens = psycopg2.connect

    def refuse(*_args: Any, **_options: Any) -> Any:
        outside.leaving("connection", "PostgreSQL")

    # libpq opens its sockets itself, where no audit hook of Python sees it.
    psycopg2.connect = refuse
    try:
        yield
    finally:
        psycopg2.connect = opens
