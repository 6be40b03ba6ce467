"""docs/incidents.md and the tests that bear its numbers name each other."""

import re
from collections import defaultdict

import pytest

from tests.promises import TESTS, assert_is_there

TEXT = (TESTS.parent / "docs/incidents.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py::[\w:]+)`", TEXT)))
NUMBERED = re.compile(r"^ *def (test_(incident|scenario)_(\d\d)_\w+)\(", re.MULTILINE)
# What could happen to AskPro as well, and has to be tested.
INCIDENTS = {*range(1, 31)}
SCENARIOS = {*range(1, 11)}

Numbered = dict[tuple[str, int], set[str]]


def written() -> Numbered:
    """The tests in each row of the two tables, by kind and number."""
    rows: Numbered = {}
    for kind in ("incident", "scenario"):
        table = TEXT.partition(f"## {kind.title()}s\n")[2].partition("\n## ")[0]
        for number, cells in re.findall(r"^\| (\d+) \|(.*)$", table, re.MULTILINE):
            rows[kind, int(number)] = set(re.findall(r"::(?:\w+::)?(test_\w+)`", cells))
    return rows


def in_the_code() -> Numbered:
    """The tests that bear a number, by kind and number."""
    tests: Numbered = defaultdict(set)
    for path in sorted(TESTS.rglob("test_*.py")):
        for name, kind, number in NUMBERED.findall(path.read_text("utf-8")):
            tests[kind, int(number)].add(name)
    return dict(tests)


@pytest.mark.parametrize("test", NAMED)
def test_every_test_that_is_named_exists(test: str) -> None:
    assert_is_there(test)


def test_each_row_names_the_tests_that_bear_its_number_and_no_others() -> None:
    assert written() == in_the_code()


def test_none_is_without_a_test() -> None:
    needed = {("incident", number) for number in INCIDENTS} | {("scenario", number) for number in SCENARIOS}
    assert needed - in_the_code().keys() == set()
