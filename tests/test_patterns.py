"""Every regular expression that meets foreign text reads it in time that grows as its length does."""

import re
import time
from collections.abc import Callable, Iterator
from random import Random

import pytest

from askpro.console.payload import readable
from tests.patterns import Expression, expressions

# These read only what is our own, docstrings and the runbook, or are made of our own sentences.
OURS = ("askpro/queues/jobs/catalogue.py", "askpro/console/runbook.py", "askpro/language/written.py")
FOUND, UNKNOWN = (
    [each for each in found if not str(getattr(each, "place", each)).startswith(OURS)] for found in expressions()
)
LENGTH = 2_000
# Reading that is faster than this is not judged: any quadratic reading would take far longer.
QUICK = 0.002
MOST = 3.0
# Short enough that a reading which takes twice as long with each character is noticed without a long wait.
SHORT = range(8, 32, 2)


@pytest.mark.parametrize("expression", FOUND, ids=[found.place for found in FOUND])
def test_twice_the_length_takes_no_more_than_three_times_as_long(expression: Expression) -> None:
    assert list(slow(expression, 80)) == []


@pytest.mark.long
@pytest.mark.parametrize("expression", FOUND, ids=[found.place for found in FOUND])
def test_pairs_after_every_opening_are_read_in_time(expression: Expression) -> None:
    assert list(slow(expression, 20_000)) == []


def test_every_expression_of_the_product_is_looked_at() -> None:
    assert len(FOUND) > 15
    assert UNKNOWN == []


@pytest.mark.parametrize("pattern", [r"\s+$", "(?:a+)+b", r"x(?:\w*,?)*;"])
def test_a_slow_expression_would_be_seen(pattern: str) -> None:
    assert next(slow(Expression("here", re.compile(pattern), ("search",)), None), None)


@pytest.mark.parametrize(
    "unit", ['\\"', "{}", "[]", '""', "\\", "{", "}", ",", ":", '"a" ', "[1]", '{"a":1},', '"\\u00e4"', "\\u00e4"]
)
@pytest.mark.parametrize("opening", ["", "[", '["', '{"a":"'])
def test_a_page_with_any_body_is_made_in_time(opening: str, unit: str) -> None:
    def seconds(length: int) -> float:
        body = (opening + unit * (length // len(unit))).encode()
        start = time.thread_time()
        readable(body)
        return time.thread_time() - start

    assert not grows(seconds, 10_000, quick=0.02)


def slow(expression: Expression, most: int | None) -> Iterator[tuple[str, str]]:
    """The attacks that are read in more than linear time."""
    for opening, unit in expression.attacks(most, Random(expression.place)):

        def seconds(length: int, opening: str = opening, unit: str = unit) -> float:
            return expression.seconds(opening, unit, length)

        if any(seconds(length) > 10 * QUICK for length in SHORT) or grows(seconds, LENGTH, QUICK):
            yield opening, unit


def grows(seconds: Callable[[int], float], length: int, quick: float) -> bool:
    """Whether twice the length takes more than three times as long, however often it is measured."""
    for _ in range(5):
        double = seconds(2 * length)
        if double < quick or double <= MOST * seconds(length):
            return False
    return True
