"""Sentences are found wherever they are marked: in Python, in templates, in the theme."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog

from askpro.language import extraction
from askpro.language.catalogue import ROOT
from askpro.language.extraction import FOLDERS, KEYWORDS, extracted, files

TEMPLATE = """{% load i18n %}
<p>{% translate "One sentence." %}</p>
        <p>{% blocktranslate %}Hello {{ name }}.{% endblocktranslate %}</p>
    {% blocktranslate count n=rows %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}
  {% translate "May" context "month" %} {% comment %}{% translate "not this" %}{% endcomment %}
{% trans "with 'quotes' and “these”" as told %}
"""
CODE = """
class Form:
    label = gettext_lazy("A label")
    short = pgettext_lazy("month", "May")
    count = ngettext("%(n)s job", "%(n)s jobs", 2) % {"n": 2}
    both = npgettext("noun", "%(n)s run", "%(n)s runs", 2)
"""


def found(path: Path) -> dict[tuple[Any, str | None], int]:
    catalogue = Catalog()
    extraction._add(catalogue, path)
    return {(message.id, message.context): 1 for message in catalogue if message.id}


def test_it_finds_what_a_template_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(TEMPLATE, "utf-8")

    assert set(found(page)) == {
        ("One sentence.", None),
        ("Hello %(name)s.", None),
        (("%(n)s row", "%(n)s rows"), None),
        ("May", "month"),
        ("with 'quotes' and “these”", None),
    }


def test_it_finds_what_python_marks(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(CODE, "utf-8")

    assert set(found(module)) == {
        ("A label", None),
        ("May", "month"),
        (("%(n)s job", "%(n)s jobs"), None),
        (("%(n)s run", "%(n)s runs"), "noun"),
    }


def test_it_reads_templates_code_and_nothing_else(tmp_path: Path) -> None:
    for name in ("a/templates/a/page.html", "a/templates/a/mail.txt", "a/page.html", "a/code.py", "a/data.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    names = [str(path.relative_to(tmp_path)) for path in extraction.files(tmp_path)]
    assert names == ["a/code.py", "a/templates/a/mail.txt", "a/templates/a/page.html"]


def test_of_the_theme_it_takes_what_django_has_no_german_for() -> None:
    said = {message.id for message in extracted() if message.id}

    assert "Type to search" in said
    assert "Confirm import" not in said, "comes with an addition that is not in use"
    assert "Change password" not in said, "comes with Django"


def test_every_function_of_gettext_is_a_mark() -> None:
    from django.utils import translation

    names = {name for name in translation.__all__ if "gettext" in name and name not in ("gettext_noop",)}
    assert names <= set(KEYWORDS)


def hidden(code: str) -> Iterator[int]:
    """Lines on which gettext is called within an f-string, where its sentence is not found."""
    for text in ast.walk(ast.parse(code)):
        if isinstance(text, ast.JoinedStr):
            for node in ast.walk(text):
                match node:
                    case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str()), *_]) if name in KEYWORDS:
                        yield node.lineno


def test_no_sentence_is_marked_where_it_is_not_found() -> None:
    assert list(hidden("told = f\"{_('Never found.')}\"")) == [1]
    assert list(hidden("told = f\"{_(sentence)} {name('x')}\"")) == []
    paths = [path for folder in FOLDERS for path in files(ROOT / folder) if path.suffix == ".py"]

    assert {path: lines for path in paths if (lines := list(hidden(path.read_text("utf-8"))))} == {}
