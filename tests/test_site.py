"""The documentation as a site: every page is in it, links lead somewhere (on GitHub, too), no other host is asked."""

import argparse
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from mkdocs.config import load_config

from askpro.dev.site.run import outside, run

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "deploy/runbook.md"])
CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]+`", re.MULTILINE | re.DOTALL)
LINKS = re.compile(r"\]\((?!https?:|mailto:)([^)\s]+)\)")
HOSTS = ("http://", "https://", "//")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    argv = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert built.returncode == 0, built.stderr
    return folder


def test_the_command_fails_for_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    for name in ("docs", "deploy", "askpro/dev/site"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.min.js"))
    for name in ("mkdocs.yml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    with (tmp_path / "docs/tutorial.md").open("a", encoding="utf-8") as page:
        page.write("\n[This](engine.md#leads-nowhere)\n")
    options = argparse.Namespace(write=False, serve=False, links=False, output=str(tmp_path / "site"))
    assert run(tmp_path, options) != 0


def test_links_to_other_hosts_are_listed() -> None:
    listed = list(outside(ROOT))
    assert "https://cal.com  docs/tutorial.md" in listed
    assert all(each.startswith("https://") for each in listed)


class Asked(HTMLParser):
    """What a browser fetches by itself for a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.urls += [value or "" for name, value in attrs if name in ("src", "srcset")]
        self.urls += [value or "" for name, value in attrs if tag == "link" and name == "href"]


def headings(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    found: set[str] = set()
    for title in re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE):
        shown = re.sub(r"\[(.+?)\]\(.+?\)", r"\1", title).replace("`", "").strip().lower()
        anchor, number = re.sub(r"[^\w\- ]", "", shown).replace(" ", "-"), 0
        while (anchor if not number else f"{anchor}-{number}") in found:
            number += 1
        found.add(anchor if not number else f"{anchor}-{number}")
    return found


def links() -> list[tuple[str, str]]:
    """Every link of every page that leads to a file or a heading of the repository."""
    return [
        (str(page.relative_to(ROOT)), link)
        for page in PAGES
        for link in sorted(set(LINKS.findall(CODE.sub("", page.read_text("utf-8")))))
    ]


def test_every_page_is_in_the_table_of_contents() -> None:
    def named(entry: Any) -> list[str]:
        if isinstance(entry, str):
            return [entry]
        return [name for inner in (entry.values() if isinstance(entry, dict) else entry) for name in named(inner)]

    contents = named(load_config(str(ROOT / "mkdocs.yml"))["nav"])
    pages = {page.relative_to(ROOT / "docs").as_posix() for page in ROOT.glob("docs/**/*.md")}
    assert pages - set(contents) == set(), "give it a place under `nav` in mkdocs.yml"
    assert len(contents) == len(set(contents))


@pytest.mark.parametrize(("page", "link"), links())
def test_every_link_leads_to_a_file_and_a_heading_on_github(page: str, link: str) -> None:
    name, _, anchor = link.partition("#")
    target = (ROOT / page).parent / name if name else ROOT / page
    assert target.exists(), f"{page} links to {link}"
    assert not anchor or target.suffix != ".md" or anchor in headings(target), f"{page}: no heading is #{anchor}"


def test_what_a_page_fetches_lies_in_the_site(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        for url in Asked(page.read_text("utf-8")).urls:
            assert not url.startswith(HOSTS), f"{page.name} fetches {url}"
            if page.name != "404.html" and not url.startswith("data:"):
                assert (page.parent / url.partition("?")[0].partition("#")[0]).exists(), f"{page.name} misses {url}"


def test_lists_are_lists(site: Path) -> None:
    """GitHub takes a line that begins with a dash for a list; the site needs a blank line before the first."""
    for page in site.rglob("*.html"):
        for paragraph in re.findall(r"<p>(.*?)</p>", page.read_text("utf-8"), re.DOTALL):
            assert not re.search(r"^(?:[-*]|\d+\.) |^\|", paragraph, re.MULTILINE), f"{page.name}: {paragraph[:200]}"


@pytest.mark.browser
def test_it_works_from_a_folder_and_asks_no_other_host(site: Path, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    asked: list[str] = []
    failed: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda line: failed.append(line.text) if line.type == "error" else None)
    try:
        page.goto(f"file://{site}/engine.html")
        page.wait_for_function("document.querySelectorAll('div.mermaid').length == 3")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.locator("label[for=__search]").first.click()
        page.locator("input[name=query]").press_sequentially("quiet hours")
        page.locator(".md-search-result__item").first.wait_for()
    finally:
        page.close()
    assert {url for url in asked if not url.startswith(("file:", "data:", "blob:"))} == set()
    assert failed == []
