"""Staff read what is stored as codes in their own language; only who is written to gets the company's."""

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from django.apps import apps

from askpro.language.catalogue import ROOT
from askpro.language.extraction import FOLDERS, files

ROOMS: Final = {"admin", "console"}
PATHS: Final = [path for folder in FOLDERS for path in files(ROOT / folder) if ROOMS.intersection(path.parts)]
# In a template, what is called like that may be anything.
COMMON: Final = {"title", "why"}


@cache
def telling() -> frozenset[str]:
    """The models' methods that speak the company's language unless they are given another."""
    methods = (
        pair
        for model in apps.get_models()
        for pair in inspect.getmembers(model, inspect.isfunction)
        if not pair[0].startswith("_")
    )
    return frozenset(name for name, method in methods if _has_language(method))


def _has_language(method: object) -> bool:
    last = [*inspect.signature(method).parameters.values()][-1:]  # type: ignore[arg-type]
    return bool(last) and last[0].name == "language" and last[0].default == ""


def found_in(path: Path) -> Iterator[tuple[int, str]]:
    text = path.read_text("utf-8")
    return without_reader(text, telling()) if path.suffix == ".py" else in_template(text, telling() - COMMON)


def in_template(text: str, names: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Where one of these methods is read by its name, which gives it no language."""
    for number, line in enumerate(text.splitlines(), 1):
        yield from ((number, name) for name in re.findall(r"\.(\w+)", line) if name in names)


def without_reader(code: str, names: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Where one of these methods is called without a language, by line."""
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Call(func=ast.Attribute(attr=name), args=[], keywords=[]) if name in names:
                yield node.lineno, name


@pytest.mark.parametrize("folder", sorted({str(path.parent.relative_to(ROOT)) for path in PATHS}))
def test_a_page_of_staff_tells_reasons_in_the_readers_language(folder: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}()"
        for path in PATHS
        if path.parent == ROOT / folder
        for line, name in found_in(path)
    ]
    assert found == [], "give them the reader's language"


def test_it_would_see_one() -> None:
    assert {"told", "why", "title", "why_told", "ending_told"} <= telling()
    code = "row.told()\nrow.told(reader())\nrow.why(language='de')\nnothing.other()"
    assert list(without_reader(code, frozenset({"told", "why"}))) == [(1, "told")]
    page = '{{ row.told }}\n{{ row|told:"told" }} {{ row.why }}'
    assert list(in_template(page, telling() - COMMON)) == [(1, "told")]
