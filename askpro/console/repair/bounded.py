"""No question of a person keeps PostgreSQL busy for more than a second: it is told that it must be narrower."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import OperationalError, connection, transaction
from psycopg2.errors import QueryCanceled

# Rows are counted no further; where there are more, the count says so with a plus.
CAP: Final = 10_000
# Milliseconds of one statement.
LONGEST: Final = 1000


class TooWide(Exception):
    """A statement took longer than `LONGEST`."""


@contextmanager
def bounded(longest: int = LONGEST) -> Iterator[None]:
    """Each statement of the block may take so many milliseconds. Raises `TooWide`."""
    is_inner = connection.in_atomic_block
    try:
        with transaction.atomic():
            _limit(str(longest))
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooWide from error
        raise
    if is_inner:
        _limit("DEFAULT")


def _limit(longest: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {longest}")
