import stat
from pathlib import Path

import pytest

from askpro.dev.up.failure import Failure
from askpro.dev.up.home import Home, free_below


def test_it_makes_a_secret_once_and_keeps_it_from_others(tmp_path: Path) -> None:
    Home(tmp_path).prepare()

    first = Home(tmp_path).secret("token", "key_")

    assert first.startswith("key_") and len(first) == 36
    assert Home(tmp_path).secret("token", "key_") == first
    assert Home(tmp_path).secret("other", "key_") != first
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_it_remembers_between_two_starts(tmp_path: Path) -> None:
    Home(tmp_path).remember(port=21_000)
    Home(tmp_path).remember(other=1)

    assert Home(tmp_path).recall("port") == 21_000
    assert Home(tmp_path).recall("unknown", "nothing") == "nothing"


def test_it_says_which_file_is_broken(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{", encoding="utf-8")

    with pytest.raises(Failure, match=r"state\.json cannot be read"):
        Home(tmp_path).recall("port")


def test_it_gives_a_second_run_a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKPRO_HOME", str(tmp_path / "state"))

    first, second = free_below(tmp_path, "test"), free_below(tmp_path, "test")

    assert (first.path.name, second.path.name) == ("test", "test-2")


def test_it_refuses_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(Failure, match="set ASKPRO_HOME"):
        Home(tmp_path / "file" / "state").prepare()
