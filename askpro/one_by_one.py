"""Works through rows; when one fails, the others still have their turn."""

import logging
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import TypeVar

from django.db import transaction
from psycopg2.errors import LockNotAvailable

from askpro.queues.errors import JobError, Release, Unavailable, Unknown

Row = TypeVar("Row")
log = logging.getLogger(__name__)


def one_by_one(
    rows: Iterable[Row], act: Callable[[Row], object], *, atomic: bool = False
) -> list[tuple[Row, Exception]]:
    """Call `act` with each row, each in a transaction or savepoint of its own if `atomic`.

    Returns the rows that failed, with their errors. Errors other than `JobError` are logged; a row that somebody else
    has locked for too long is no error, since it has its turn next time.
    """
    failures: list[tuple[Row, Exception]] = []
    for row in rows:
        try:
            with transaction.atomic() if atomic else nullcontext():
                act(row)
        except Exception as error:  # noqa: BLE001 - the loop's edge: no kind of error of one row may stop the others
            failures.append((row, error))
            facts = type(row).__name__, getattr(row, "pk", ""), type(error).__name__
            if isinstance(error.__cause__, LockNotAvailable):
                log.info("%s %s is locked by others", *facts[:2])
            elif not isinstance(error, JobError):
                log.error("%s %s failed: %s", *facts, extra={"cause": error})
    return failures


def gravest(errors: Iterable[Exception]) -> Exception:
    """Choose the error that a job ends with: a bug first, then one that waits at a gate (which spends no try), then one
    that a retry may mend, then the shortest pause.

    Final errors come last: with one of them the job would be dead, and the other rows would get no retry.
    """
    return min(errors, key=_order)


def _order(error: Exception) -> tuple[int, float]:
    if not isinstance(error, JobError):
        return 0, 0.0
    if error.parking is not None:
        return 1, 0.0
    if isinstance(error, Release):
        return 3, error.after
    return (4 if is_final(error) else 2), 0.0


def is_final(error: Exception) -> bool:
    """Whether a retry cannot mend it."""
    return isinstance(error, JobError) and not isinstance(error, Unavailable | Unknown | Release)
