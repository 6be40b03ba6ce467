"""docs/engine.md names the tests that hold its promises: they exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs/engine.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`((?:(?:queues|chaos)/)?(?:test_\w+|conftest)\.py::[\w:]+)`", TEXT)))


@pytest.mark.parametrize("test", NAMED)
def test_every_promise_has_its_test(test):
    path, *names = test.split("::")
    scope = ast.parse((ROOT / "tests" / path).read_text()).body
    for name in names:
        found = [node for node in scope if getattr(node, "name", None) == name]
        assert found, f"{test}: {name} is gone"
        scope = getattr(found[0], "body", [])


def test_the_document_names_tests_for_all_ten_promises():
    rows = re.findall(r"^\| (\d+)\. .*\|.*`", TEXT, re.MULTILINE)
    assert rows == [str(number) for number in range(1, 11)]
