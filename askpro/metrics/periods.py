"""A period as the days, hours and minutes that make it up, so that a sum over months reads few rows."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
# The steps that sums are kept in, the longest first; all begin in UTC.
STEPS: Final = {"day": timedelta(days=1), "hour": timedelta(hours=1), "minute": timedelta(minutes=1)}


class Part(NamedTuple):
    """The sums of this step that begin from `start` on and before `end`."""

    step: str
    start: datetime
    end: datetime


def parts(start: datetime, end: datetime, steps: Sequence[str] = (*STEPS,)) -> list[Part]:
    """The parts of a period, in order and without overlap, in the longest of the `steps` that fit.

    Its ends are moved outwards to whole ones of the shortest of them.
    """
    shortest = STEPS[steps[-1]]
    return list(_parts(floor(start, shortest), _ceiling(end, shortest), steps))


def floor(moment: datetime, step: timedelta) -> datetime:
    return moment - (moment - EPOCH) % step


def _ceiling(moment: datetime, step: timedelta) -> datetime:
    return moment + (EPOCH - moment) % step


def _parts(start: datetime, end: datetime, steps: Sequence[str]) -> Iterator[Part]:
    if start >= end or not steps:
        return
    first, last = _ceiling(start, STEPS[steps[0]]), floor(end, STEPS[steps[0]])
    if first >= last:
        yield from _parts(start, end, steps[1:])
        return
    yield from _parts(start, first, steps[1:])
    yield Part(steps[0], first, last)
    yield from _parts(last, end, steps[1:])
