import os
from pathlib import Path

import pytest

from askpro.dev.up import browser


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ASKPRO_BROWSER", "PLAYWRIGHT_BROWSERS_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path


def executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o755)
    return path


def test_it_finds_none_on_an_empty_machine() -> None:
    assert browser.find() is None


def test_it_prefers_the_named_one_then_path_then_the_cache(
    empty_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = empty_machine / "home" / ".cache" / "ms-playwright"
    executable(cache / "chromium-1100" / "chrome-linux" / "chrome")
    newest = executable(cache / "chromium-1200" / "chrome-linux64" / "chrome")
    assert browser.find() == newest

    on_path = executable(empty_machine / "bin" / "google-chrome")
    assert browser.find() == on_path

    named = executable(empty_machine / "my" / "chrome")
    monkeypatch.setenv("ASKPRO_BROWSER", str(named))
    assert browser.find() == named


def test_it_takes_no_other_when_the_named_one_is_missing(empty_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(empty_machine / "bin" / "chromium")
    monkeypatch.setenv("ASKPRO_BROWSER", "/nowhere/chrome")

    assert browser.find() is None
    assert browser.find_or_install() is None


@pytest.mark.parametrize(
    ("is_root", "has_download", "ran"),
    [
        (True, True, ["playwright install chromium", "playwright install-deps chromium"]),
        (True, False, ["playwright install chromium", "update", "--no-install-recommends chromium"]),
        (False, True, ["playwright install chromium"]),
        (False, False, ["playwright install chromium"]),
    ],
)
def test_it_lets_playwright_install_one_and_root_asks_debian_where_it_cannot(
    empty_machine: Path, monkeypatch: pytest.MonkeyPatch, is_root: bool, has_download: bool, ran: list[str]
) -> None:
    commands: list[str] = []

    def runs(*argv: str) -> bool:
        commands.append(" ".join(argv))
        if argv[-2:] == ("install", "chromium") and has_download:
            executable(empty_machine / "home/.cache/ms-playwright/chromium-1300/chrome-linux64/chrome")
        if argv[-1] == "chromium" and argv[0] == "apt-get":
            executable(empty_machine / "bin/chromium")
        return has_download or argv[0] == "apt-get"

    executable(empty_machine / "bin/apt-get")
    monkeypatch.setattr(browser, "_runs", runs)
    monkeypatch.setattr(os, "geteuid", lambda: 0 if is_root else 1000)
    found = browser.find_or_install()

    assert (found is not None) == (is_root or has_download)
    assert len(commands) == len(ran)
    assert all(command.endswith(end) for command, end in zip(commands, ran, strict=True))
    assert browser.find_or_install() == found
