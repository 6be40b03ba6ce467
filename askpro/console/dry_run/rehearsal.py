"""Does the work in a transaction that is rolled back, and tells what it wrote, whom it asked, and how it ended."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from django.db import DatabaseError, IntegrityError, connection, transaction

from askpro import outside
from askpro.console.dry_run.difference import Images, changes, images
from askpro.console.dry_run.footprints import Footprints
from askpro.console.dry_run.kinds import Kind
from askpro.console.dry_run.report import Ended, Report
from askpro.console.dry_run.sealing import Busy, check_constraints, only_connection, outermost, own_savepoints, sealed
from askpro.queues.jobs.following import OUTCOMES, Following
from askpro.queues.jobs.rehearsing import Rehearsed
from askpro.queues.ledger.outcome import Outcome

# Rows that are told one by one.
MOST_ROWS: Final = 60
MOST_NAMED: Final = 20
Then = Callable[[Outcome], list[Following]]


class Overtime(BaseException):
    """The time of a dry run is over. Nothing that handles errors may take it for one of its own."""


def report_of(kind: Kind, key: str) -> Report:
    """What would come of trying this row."""
    row = kind.model._default_manager.filter(pk=key).first()
    if row is None or not kind.possible(row):
        return Report(Ended.IMPOSSIBLE)
    then = kind.then
    return rehearse(lambda: kind.run(row), None if then is None else lambda outcome: then(row, outcome))


def rehearse(work: Callable[[], Rehearsed], then: Then | None = None) -> Report:
    """Do the work, take it back, and tell; also what would `then` become of other jobs. Raises nothing that the work
    raises.
    """
    report = Report()
    try:
        with only_connection(), outside.refused() as asked, sealed(), own_savepoints():
            report.asked = asked
            _try(work, report, then)
    except Busy:
        report.ended = Ended.BUSY
    except DatabaseError as error:
        report.ended, report.error = Ended.BROKEN, type(error).__name__
    return report


def _try(work: Callable[[], Rehearsed], report: Report, then: Then | None) -> None:
    footprints = Footprints()
    waiting = len(connection.run_on_commit)
    after: dict[str, Images] = {}
    with _undone(report):
        with connection.execute_wrapper(footprints):
            _run(work, report)
        report.uncaught = footprints.uncaught()
        after = _images(footprints)
        report.follows = [_name_of(each) for _, each, *_ in connection.run_on_commit[waiting:]][:MOST_NAMED]
        report.then = _then(report.ended, then) if then is not None else {}
        if report.ended == Ended.COMPLETED:
            _check(report)
    if report.ended != Ended.BROKEN:
        _tell(report, footprints, _images(footprints), after)


def _run(work: Callable[[], Rehearsed], report: Report) -> None:
    try:
        done = work()
    except outside.Refused:
        report.ended = Ended.ASKED
    except Overtime:
        report.ended = Ended.OVERTIME
    else:
        outcome = done.outcome
        report.ended, report.log = Ended(outcome.status), done.log
        report.error, report.message = outcome.error_class, outcome.error_message or outcome.reason


def _then(ended: Ended, then: Then) -> dict[str, list[Following]]:
    """By how it ends. What only an answer from outside decides is told for both."""
    ends = (Ended.COMPLETED, Ended.DEAD) if ended == Ended.ASKED else (ended,)
    found = {}
    for end in ends:
        # Somebody holds one of these rows: all the rest is known all the same.
        with suppress(DatabaseError), transaction.atomic():
            if end in OUTCOMES:
                found[str(end)] = then(OUTCOMES[end])
    return found


@contextmanager
def _undone(report: Report) -> Iterator[None]:
    """Take back what is done in the block; a transaction that an error has broken by then tells nothing more."""
    try:
        with outermost():
            yield
            transaction.set_rollback(True)
    except DatabaseError as error:
        report.ended, report.error = Ended.BROKEN, type(error).__name__


def _check(report: Report) -> None:
    try:
        check_constraints()
    except IntegrityError as error:
        report.ended, report.error = Ended.UNCOMMITTABLE, type(error).__name__


def _images(footprints: Footprints) -> dict[str, Images]:
    found = {}
    for table, keys in footprints.keys.items():
        model = footprints.model_of(table)
        if model is not None and keys:
            found[table] = images(table, model, keys)
    return found


def _tell(report: Report, footprints: Footprints, before: dict[str, Images], after: dict[str, Images]) -> None:
    told = [
        change
        for table, keys in footprints.keys.items()
        if (model := footprints.model_of(table)) is not None
        for change in changes(model, keys, before.get(table, {}), after.get(table, {}))
    ]
    report.written, report.changes = len(told), told[:MOST_ROWS]


def _name_of(then: Any) -> str:
    """Where the code of a callback is, without the marks of functions inside functions."""
    function = getattr(then, "func", then)
    name = str(getattr(function, "__qualname__", type(function).__name__))
    return f"{getattr(function, '__module__', '')}.{name.partition('.<locals>')[0]}"
