"""The axis of values: round numbers from zero up to what the highest value needs."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from askpro.console import display

# Spaces between the lines of an axis, at most.
MOST: Final = 4
# Seconds between two lines of an axis of times: what people count in.
_SECONDS: Final = (
    *(digit * 10.0**power for power in range(-3, 1) for digit in (1, 2, 5)),
    *(10.0, 15.0, 30.0),
    *(60.0 * minutes for minutes in (1, 2, 5, 10, 15, 30)),
    *(3600.0 * hours for hours in (1, 2, 3, 6, 12, 24, 48, 96)),
)


@dataclass(frozen=True, slots=True)
class Scale:
    """The values of an axis' lines, from 0 to the top, and how each is written."""

    lines: Sequence[float]
    write: Callable[[float], str]

    @property
    def top(self) -> float:
        return self.lines[-1]


def counts(highest: float) -> Scale:
    """Whole numbers in steps of 1, 2 or 5 times a power of ten."""
    return Scale(_lines(highest, _round(highest / MOST)), lambda value: display.number(value, 0))


def durations(highest: float) -> Scale:
    """Seconds, in steps that people use for times."""
    step = next((step for step in _SECONDS if step * MOST >= highest), _round(highest / MOST))
    return Scale(_lines(highest, step), lambda value: display.duration(timedelta(seconds=value)) if value else "0")


def _round(least: float) -> float:
    """The smallest round whole number that is not below this one."""
    power = 10.0 ** math.floor(math.log10(max(least, 1.0)))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= least)


def _lines(highest: float, step: float) -> list[float]:
    return [step * number for number in range(max(math.ceil(highest / step), 1) + 1)]
