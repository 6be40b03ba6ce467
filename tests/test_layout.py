"""Folders read as a table of contents: none is too long, the engine's rooms say what lives in them, nothing is flat."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
QUEUES = ROOT / "askpro/queues"
PRODUCT = ("askpro", "calls", "appointments", "notifications", "webhooks")
MOST_FILES = 25
# What grows by one file for each change or page, and what is no code. The console is to be rebuilt.
UNCOUNTED = {"migrations", "templates", "static", "tests", "__pycache__", "console"}
# What lies beside the engine's rooms: how Django finds it, what it is told, and what is pure. A new file goes into a
# room; one more name here needs its line in the contract of pyproject.toml, too.
FLAT = {
    "apps",
    "arguments",
    "checks",
    "config",
    "cron",
    "errors",
    "ids",
    "keys",
    "plain",
    "states",
    "tasks",
    "testing",
    "units",
}
ROOMS = {
    "chores",
    "fleet",
    "insight",
    "jobs",
    "ledger",
    "management",
    "metrics",
    "models",
    "processes",
    "supervisor",
    "worker",
}


def folders(top: Path) -> Iterator[Path]:
    yield top
    for inner in sorted(top.iterdir()):
        if inner.is_dir() and inner.name not in UNCOUNTED:
            yield from folders(inner)


def files(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir() if each.is_file() and not each.name.startswith("."))


def engine_contract() -> dict[str, Any]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (found,) = [each for each in contracts if each.get("containers") == ["askpro.queues"]]
    return found


@pytest.mark.parametrize("app", PRODUCT)
def test_no_folder_is_longer_than_a_table_of_contents(app: str) -> None:
    counts = {str(folder.relative_to(ROOT)): len(files(folder)) for folder in folders(ROOT / app)}
    assert {name: count for name, count in counts.items() if count > MOST_FILES} == {}, "make rooms of them"


def test_the_engine_is_rooms_and_a_few_files_beside_them() -> None:
    assert {Path(name).stem for name in files(QUEUES)} == {"__init__", *FLAT}
    assert {each.name for each in folders(QUEUES)} - {"queues", "commands"} == ROOMS


def test_import_linter_knows_each_of_them() -> None:
    contract = engine_contract()
    layers = {name.strip() for line in contract["layers"] for name in line.replace(":", "|").split("|")}
    assert contract["exhaustive"] and contract["exhaustive_ignores"] == ["migrations"]
    assert layers == FLAT | ROOMS


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_says_what_lives_there(room: str) -> None:
    assert ast.get_docstring(ast.parse((QUEUES / room / "__init__.py").read_text("utf-8")))
