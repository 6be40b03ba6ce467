"""The tests that docs/engine.md names for its promises exist."""

import re
from pathlib import Path

import pytest

from tests.promises import assert_is_there

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs/engine.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`((?:(?:queues|chaos)/(?:\w+/)?)?(?:test_\w+|conftest)\.py::[\w:]+)`", TEXT)))


@pytest.mark.parametrize("test", NAMED)
def test_every_promise_has_its_test(test):
    assert_is_there(test)


def test_the_document_names_tests_for_all_ten_promises():
    rows = re.findall(r"^\| (\d+)\. .*\|.*`", TEXT, re.MULTILINE)
    assert rows == [str(number) for number in range(1, 11)]
