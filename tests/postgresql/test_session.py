"""Fewer messages, and nothing else is different: each program ends as it does with Django's own backend."""

from collections.abc import Iterator
from contextlib import closing, suppress
from copy import deepcopy
from typing import Any

import psycopg2
import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.db.backends.postgresql.base import DatabaseWrapper as DjangosOwn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2 import sql

from askpro.postgresql.base import SURE_FOR, DatabaseWrapper

pytestmark = pytest.mark.django_db(transaction=True)

ADD = "INSERT INTO said (word) VALUES (%s)"
LAST_MESSAGE = "SELECT query, state FROM pg_stat_activity WHERE pid = %s"


@pytest.fixture
def said() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS said (word text PRIMARY KEY, later text REFERENCES said"
            " DEFERRABLE INITIALLY DEFERRED)"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE said")


def words() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT word FROM said ORDER BY word")
        return [word for (word,) in cursor.fetchall()]


@pytest.fixture
def heard() -> Iterator[Any]:
    """What the server was sent last on this thread's connection, and what it does since then."""
    connection.ensure_connection()
    with closing(psycopg2.connect(**connection.get_connection_params())) as other:
        other.autocommit = True

        def ask() -> tuple[str, str]:
            with other.cursor() as cursor:
                cursor.execute(LAST_MESSAGE, [connection.connection.info.backend_pid])
                return cursor.fetchone()

        yield ask


class TestTheMessages:
    def test_a_transaction_begins_with_its_first_statement(self, said: None, heard: Any) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(ADD, ["a"])
            assert heard() == ("BEGIN;INSERT INTO said (word) VALUES ('a')", "idle in transaction")
            cursor.execute(ADD, ["b"])
            assert heard() == ("INSERT INTO said (word) VALUES ('b')", "idle in transaction")
        assert heard() == ("COMMIT", "idle")
        assert words() == ["a", "b"]

    def test_a_statement_may_bring_its_commit(self, said: None, heard: Any) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{ADD};COMMIT", ["a"])
            before = heard()
        assert heard() == before == ("BEGIN;INSERT INTO said (word) VALUES ('a');COMMIT", "idle")
        assert words() == ["a"]

    def test_a_transaction_without_a_statement_sends_nothing(self, said: None, heard: Any) -> None:
        before = heard()
        with transaction.atomic():
            pass
        assert heard() == before

    def test_outside_of_one_a_statement_is_sent_alone(self, said: None, heard: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(ADD, ["a"])
        assert heard() == ("INSERT INTO said (word) VALUES ('a')", "idle")

    @pytest.mark.parametrize("statement", ["SELECT 1", b"SELECT 1", sql.SQL("SELECT {}").format(sql.Literal(1))])
    def test_of_any_kind_of_statement_the_cursor_tells_what_it_was_given(self, statement: Any) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            assert cursor.fetchone() == (1,)
            assert cursor.query == b"SELECT 1"


def _do(database: Any, step: str, number: int) -> None:
    """One step of a program."""
    word = f"{step} {number}"
    with database.cursor() as cursor:
        match step:
            case "add":
                cursor.execute(ADD, [word])
            case "many":
                cursor.executemany(ADD, [[f"{word} {n}"] for n in range(3)])
            case "composed":
                cursor.execute(sql.SQL("INSERT INTO said (word) VALUES ({})").format(sql.Literal(word)))
            case "twice":
                cursor.execute(ADD, ["twice"])
            case "nonsense":
                cursor.execute("SELEKT 1")
            case "unfilled":
                cursor.execute(ADD, [])
            case "broken at the end":
                cursor.execute("INSERT INTO said (word, later) VALUES (%s, 'nobody')", [word])
            case "copy":
                cursor.copy_expert("COPY said (word) FROM STDIN", _Lines(word))
            case "walk":
                with database.chunked_cursor() as walking:
                    walking.execute("SELECT word FROM said ORDER BY word")
                    found = ",".join(word for (word,) in walking.fetchall())
                cursor.execute(ADD, [f"{word}: {found}"])
            case "stop":
                raise ZeroDivisionError


class _Lines:
    def __init__(self, word: str) -> None:
        self._left = f"{word}\n"

    def read(self, size: int = -1) -> str:
        left, self._left = self._left, ""
        return left


STEPS = st.sampled_from(
    ["add", "many", "composed", "twice", "nonsense", "unfilled", "broken at the end", "copy", "walk", "stop"]
)
# A block of steps, each of them maybe a block: whether it is atomic, and whether what goes wrong inside is caught.
BLOCKS = st.recursive(STEPS, lambda inner: st.tuples(st.booleans(), st.booleans(), st.lists(inner, max_size=4)))


def _play(database: Any, block: Any, errors: list[str], numbers: list[int]) -> None:
    if isinstance(block, str):
        numbers.append(len(numbers))
        _do(database, block, len(numbers))
        return
    is_atomic, is_caught, steps = block
    try:
        if not is_atomic:
            for step in steps:
                _play(database, step, errors, numbers)
            return
        with transaction.atomic(using=database.alias):
            for step in steps:
                _play(database, step, errors, numbers)
    except (
        DatabaseError,
        psycopg2.Error,
        ZeroDivisionError,
        IndexError,
        transaction.TransactionManagementError,
    ) as error:
        errors.append(type(error).__name__)
        if not is_caught:
            raise


def _alike(query: str | None) -> str | None:
    """To psycopg2, no transaction is open: only a cursor that may outlive it is allowed."""
    return query and query.replace("WITH HOLD", "WITHOUT HOLD")


def _end_of(kind: Any, block: Any) -> tuple[list[str], list[str], list[str]]:
    """What goes wrong, what is left, and what Django would show as the queries."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE said")
    database = kind({**deepcopy(connection.settings_dict)}, alias="played")
    connections["played"] = database
    errors: list[str] = []
    try:
        database.ensure_connection()
        database.force_debug_cursor = True
        with suppress(DatabaseError, psycopg2.Error, ZeroDivisionError, IndexError):
            _play(database, block, errors, [])
        return errors, words(), [_alike(each["sql"]) for each in database.queries_log]
    finally:
        database.close()
        del connections["played"]


@given(block=BLOCKS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_program_ends_as_it_does_with_djangos_own_backend(said: None, block: Any) -> None:
    assert _end_of(DatabaseWrapper, block) == _end_of(DjangosOwn, block)


class TestWhetherItIsUsable:
    @pytest.fixture(autouse=True)
    def in_use(self) -> None:
        connection.ensure_connection()
        assert connection.is_usable()

    def _end_session(self) -> None:
        with closing(psycopg2.connect(**connection.get_connection_params())) as other, other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
            assert cursor.fetchone() == (True,)

    def test_a_connection_in_use_is_not_asked(self, heard: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 2")
        assert connection.is_usable()
        assert heard()[0] == "SELECT 2"

    def test_one_that_was_idle_is_asked(self, heard: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 2")
        connection._used_at -= SURE_FOR
        assert connection.is_usable()
        assert heard()[0] == "SELECT 1"

    def test_one_that_was_ended_is_replaced_before_it_fails(self) -> None:
        self._end_session()
        connection.close_if_unusable_or_obsolete()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 3")
            assert cursor.fetchone() == (3,)

    def test_one_that_was_closed_is_none(self) -> None:
        connection.connection.close()
        assert not connection.is_usable()
        connection.close()
