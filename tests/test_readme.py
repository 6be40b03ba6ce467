"""What the README and CONTRIBUTING point at exists."""

import re
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import get_commands

from askpro.dev.up.dispatch import REQUIREMENTS

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
BOOTSTRAP = set(REQUIREMENTS)  # they set up what they need before Django is there


def texts(pattern: str) -> list[tuple[str, str]]:
    return [(path.name, found) for path in DOCUMENTS for found in re.findall(pattern, path.read_text("utf-8"))]


@pytest.mark.parametrize(("document", "link"), sorted(set(texts(r"\]\((?!http)([^)#]+)"))))
def test_every_relative_link_leads_somewhere(document, link):
    folder = ROOT / "docs" if (ROOT / "docs" / document).exists() else ROOT
    assert (folder / link).exists(), f"{document} links to {link}"


@pytest.mark.parametrize("picture", sorted({found for _, found in texts(r"(docs/[\w/.-]+\.png)")}))
def test_every_picture_exists_and_is_soon_loaded(picture):
    assert 0 < (ROOT / picture).stat().st_size <= 150_000


def test_every_picture_is_shown_somewhere():
    shown = {found for _, found in texts(r"(docs/[\w/.-]+\.png)")}
    assert {str(path.relative_to(ROOT)) for path in ROOT.glob("docs/**/*.png")} == shown


@pytest.mark.parametrize(("document", "file"), sorted(set(texts(r"[\w./-]*\w/\w+\.py\b"))))
def test_every_file_that_is_named_exists(document, file):
    # docs/engine.md and docs/internals.md count from the engine, where they say so; tests are named by their folder.
    counted_from = (ROOT, ROOT / "tests", ROOT / "askpro/queues")
    within = file.removeprefix("/opt/askpro/")
    assert any((place / within).is_file() for place in counted_from), f"{document} names {file}"


@pytest.mark.parametrize(("document", "command"), sorted(set(texts(r"manage\.py ([a-z_]+)"))))
def test_every_command_that_is_named_exists(document, command):
    assert command in BOOTSTRAP or command in get_commands(), f"{document} names manage.py {command}"


def test_every_setting_of_production_stands_in_the_example():
    local = {"SANDBOX_URL", "DEBUG"}
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z][A-Z_]+)"', (ROOT / "askpro/settings.py").read_text("utf-8")))
    example = (ROOT / "deploy/env.example").read_text("utf-8")
    missing = {name for name in read - local if not re.search(rf"^#? ?{name}=", example, re.MULTILINE)}
    assert not missing, f"deploy/env.example lacks {sorted(missing)}"


def test_the_changelog_tells_nothing_twice():
    lines = (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines()
    begun = Counter(line[:60] for line in lines if line.startswith("- "))
    assert not [beginning for beginning, times in begun.items() if times > 1]
