"""The tests that docs/operations.md names for its promises exist, and it names every command and every key."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from askpro.queues.config import Pool
from tests.promises import assert_is_there

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs/operations.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(queues/(?:\w+/)?test_\w+\.py::[\w:]+)`", TEXT)))
COMMANDS = sorted(path.stem for path in (ROOT / "askpro/queues/management/commands").glob("queues_*.py"))
# Explained elsewhere: docs/jobs.md.
ELSEWHERE = {"queues_jobs"}


@pytest.mark.parametrize("test", NAMED)
def test_every_promise_has_its_test(test):
    assert_is_there(test)


def test_no_promise_is_without_one():
    table = TEXT.partition("| promise | held by |")[2]
    rows = re.findall(r"^\| (?!--)(.+?) \| (.*) \|$", table, re.MULTILINE)
    assert len(rows) > 20
    assert [promise for promise, tests in rows if "::" not in tests and "test_" not in tests] == []


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - ELSEWHERE))
def test_every_command_is_explained(name):
    assert f"| `{name}" in TEXT


@pytest.mark.parametrize("key", [field.name for field in fields(Pool) if field.name != "name"])
def test_every_key_of_a_pool_is_explained(key):
    assert re.search(rf"^\| [^|]*`{key}`", TEXT, re.MULTILINE)
