"""docs/reference is what the code says now, and leaves nothing out."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands
from django.urls import URLPattern, get_resolver

from askpro.dev.site.reference import PAGES
from askpro.dev.site.reference.commands import product

FOLDER = Path(settings.BASE_DIR) / "docs/reference"


def written(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_each_page_is_what_the_code_says(name: str) -> None:
    assert written(name) == PAGES[name](), "run: python3 manage.py docs --write"


def test_there_is_no_other_page() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES)


def test_every_setting_has_a_meaning() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", written("settings.md"), re.MULTILINE)
    assert len(rows) > 60
    assert [name for name, meaning in rows if not meaning.strip()] == []


def test_no_variable_that_is_read_is_missing() -> None:
    tree = ast.parse((Path(settings.BASE_DIR) / "askpro/settings.py").read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    read = {
        str(ast.literal_eval(call.args[0]))
        for call in calls
        if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "env" and call.args
        if isinstance(call.args[0], ast.Constant)
    }
    assert {name for name in read if f"| `{name}` |" not in written("settings.md")} == {"DEBUG", "SANDBOX_URL"}


def test_every_command_of_the_product_is_there_with_a_help() -> None:
    apps = ("calls", "appointments", "webhooks", "notifications", "askpro")
    ours = {
        name
        for name, app in get_commands().items()
        if str(app).split(".")[0] in apps and not str(app).startswith("askpro.dev")
    }
    told = dict(product())
    assert ours - told.keys() == set()
    assert [name for name, command in told.items() if not command.help] == []


def test_every_address_of_the_api_is_there() -> None:
    paths = {
        re.sub(r"<\w+:(\w+)>", r"{\1}", f"/{prefix.pattern}{inner.pattern}")
        for prefix in get_resolver().url_patterns
        if str(prefix.pattern).startswith("api/")
        for inner in getattr(prefix, "url_patterns", [])
        if isinstance(inner, URLPattern) and "request" in str(inner.pattern)
    }
    assert paths
    assert {path for path in paths if f" {path}`" not in written("api.md")} == set()
