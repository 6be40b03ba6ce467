"""docs/internals.md is a map: it names every file of the engine once, and nothing that is not there."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
QUEUES = ROOT / "askpro/queues"
APPS = ("webhooks", "calls", "appointments", "notifications")
TEXT = (ROOT / "docs/internals.md").read_text("utf-8")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
# The engine, room by room: the heading's folder, then the first column of its table.
ROOMS = {
    folder: re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    for folder, table in re.findall(r"^### `(askpro/queues/(?:\w+/)?)`\n(.*?)(?=^##)", TEXT, re.MULTILINE | re.DOTALL)
}


def section(title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def named_paths() -> list[str]:
    return sorted(set(re.findall(r"[\w./-]*/[\w.-]+\.(?:py|md|toml)\b", TEXT)))


def layers(name: str) -> list[list[str]]:
    """A contract's layers from the top; each line's names without their packages."""
    (contract,) = [each for each in CONTRACTS if name in each.get("containers", [each["name"]])]
    return [re.split(r" *[:|] *", line) for line in contract["layers"]]


def arrows() -> dict[str, set[str]]:
    """Who stands above whom in the diagram, by way of others as well."""
    diagram = section("Folders and arrows").partition("```mermaid")[2].partition("```")[0]
    below: dict[str, set[str]] = defaultdict(set)
    for line in diagram.splitlines():
        for upper, lower in pairwise(line.strip().split(" --> ")):
            for name in upper.split(" & "):
                below[name].update(lower.split(" & "))
    return {name: set(reachable(below, name)) for name in list(below)}


def reachable(below: dict[str, set[str]], name: str) -> Iterator[str]:
    for lower in below.get(name, ()):
        yield lower
        yield from reachable(below, lower)


def held(contract: list[list[str]], names: set[str]) -> dict[str, set[str]]:
    """The same by import-linter's word, of these names only."""
    kept = [[name for name in line if name in names] for line in contract]
    return {name: {low for lower in kept[at + 1 :] for low in lower} for at, line in enumerate(kept) for name in line}


@pytest.mark.parametrize("folder", sorted(str(each) for each in ROOMS))
def test_every_file_of_a_room_is_named_once(folder: str) -> None:
    there = [each.name for each in (ROOT / folder).glob("*.py") if each.name != "__init__.py"]
    commands = ["commands/"] if (ROOT / folder / "commands").is_dir() else []
    assert sorted(ROOMS[folder]) == sorted(there + commands)


def test_every_room_has_its_table() -> None:
    there = {f"askpro/queues/{each.parent.name}/" for each in QUEUES.glob("*/__init__.py")}
    assert set(ROOMS) == there - {"askpro/queues/migrations/"} | {"askpro/queues/"}


@pytest.mark.parametrize("path", named_paths())
def test_every_path_that_is_named_exists(path: str) -> None:
    assert (ROOT / path).is_file() or (QUEUES / path).is_file() or (ROOT / "docs" / path).is_file()


@pytest.mark.parametrize("app", ["askpro", *APPS])
def test_every_folder_and_file_of_an_app_is_named(app: str) -> None:
    inner = {each.parent.name for each in (ROOT / app).glob("*/__init__.py")} - {"migrations", "dev"}
    folders = {f"{app}/{name}/" for name in inner}
    files = {f"{app}/{each.name}" for each in (ROOT / app).glob("*.py")} - {f"{app}/__init__.py", f"{app}/apps.py"}
    assert [each for each in sorted(folders | files) if f"`{each}`" not in TEXT] == []
    assert [each for each in re.findall(rf"`({app}/[\w/]+/)`", TEXT) if not (ROOT / each).is_dir()] == []


def test_the_diagram_is_what_import_linter_holds() -> None:
    drawn = arrows()
    rooms = {folder.split("/")[2] for folder in ROOMS} - {""}
    apps = {"webhooks.door", *APPS[1:], "webhooks.models", "webhooks.inbox"}
    expected = held(layers("askpro.queues"), rooms) | held(layers("Control goes forward; models look back"), apps)
    assert drawn.pop("apps") == {"askpro.queues"}
    assert drawn == {name: below for name, below in expected.items() if below}


@pytest.mark.parametrize("app", APPS[1:])
def test_the_layers_of_an_app_are_import_linters(app: str) -> None:
    (written,) = re.findall(rf"^{app}: (.*(?:\n    .*)*)", section("Folders and arrows"), re.MULTILINE)
    assert [re.split(r" \| ", line) for line in re.split(r" > ", " ".join(written.split()))] == layers(app)


@pytest.mark.parametrize("row", re.findall(r"^\| (?:Where|Why|Who|…).*", TEXT, re.MULTILINE))
def test_what_a_file_is_asked_for_stands_in_it(row: str) -> None:
    _, _, files, names, _ = row.split("|")
    path = re.findall(r"`([\w/]+\.py)`", files)[0]
    text = (ROOT / path).read_text("utf-8")
    assert [name for name in re.findall(r"`(\w+)`", names) if not re.search(rf"\b{name}\b", text)] == []


def test_its_lines_can_be_read_in_a_diff() -> None:
    assert [line for line in TEXT.splitlines() if len(line) > 120] == []
