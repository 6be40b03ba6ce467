"""docs/security.md names code and tests for everything that it promises, and all of them exist."""

import re

import pytest

from tests.promises import TESTS, assert_is_there

ROOT = TESTS.parent
TEXT = (ROOT / "docs" / "security.md").read_text("utf-8")
MODEL = TEXT.partition("\n## Threat model\n")[2].partition("\nCookies, keys")[0]
BOUNDARIES = re.findall(r"^### (.+)$", MODEL, re.MULTILINE)
LINES = [line for line in MODEL.splitlines() if line.startswith("| ") and not line.startswith("| way in |")]
NAMED = sorted(set(re.findall(r"`([\w.-]+(?:/[\w.-]+)*\.(?:py|conf|service|lock)(?:::\w+)*)`", TEXT)))


def test_every_way_in_has_what_stops_it_and_what_holds_that() -> None:
    assert len(LINES) > 35
    for line in LINES:
        _, way, stops, held, _ = line.split("|")
        assert way.strip(), line
        assert stops.strip(), line
        assert set(re.findall(r"`([^`]+)`", held)) & set(NAMED), line


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_each_boundary_says_what_is_left(boundary: str) -> None:
    part = MODEL.partition(f"### {boundary}\n")[2].partition("\n### ")[0]
    assert part.count("\n**Left**: ") == 1


@pytest.mark.parametrize("name", NAMED)
def test_what_is_named_exists(name: str) -> None:
    path = name.partition("::")[0]
    if path.rpartition("/")[2].startswith("test_"):
        assert_is_there(name)
    else:
        assert (ROOT / path).is_file(), name
