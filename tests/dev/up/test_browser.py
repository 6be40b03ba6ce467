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
