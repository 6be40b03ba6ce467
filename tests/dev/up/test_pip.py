"""Which pip fills a fresh environment, and the message if there is none."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from askpro.dev.up import pip
from askpro.dev.up.failure import Failure

BASE = sys._base_executable  # type: ignore[attr-defined]


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """The Python of an environment without pip."""
    subprocess.run([BASE, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True, timeout=60)
    return tmp_path / "venv/bin/python"


@pytest.fixture
def without_ensurepip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pip, "_run", lambda argv: False)


@pytest.mark.skipif(not importlib.util.find_spec("ensurepip"), reason="Debian's Python without python3-venv")
def test_it_takes_the_pip_that_comes_with_python(python: Path) -> None:
    assert pip.installer(python).argv == (str(python), "-m", "pip")


@pytest.mark.usefixtures("without_ensurepip")
@pytest.mark.skipif(pip._version((BASE, "-m", "pip")) < pip.PYTHON_PIP_WITH_TARGET, reason="no such pip here")
def test_it_takes_this_machines_pip_where_ensurepip_is_missing(python: Path) -> None:
    found = pip.installer(python)
    where = subprocess.run([*found.argv, "--version"], capture_output=True, text=True, timeout=60, check=True)
    report = subprocess.run([*found.argv, "inspect"], capture_output=True, text=True, timeout=60, check=True)

    assert found.argv[0] == BASE and where.stdout.startswith("pip ")
    assert '"installed": []' in report.stdout, "it looks into the environment, not around itself"


@pytest.mark.usefixtures("without_ensurepip")
@pytest.mark.parametrize("version", [(0,), (22, 2)])
def test_it_names_the_package_that_is_missing(
    python: Path, monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...]
) -> None:
    monkeypatch.setattr(pip, "_version", lambda argv: version if argv[0] == BASE else (0,))

    with pytest.raises(Failure, match=r"ensurepip.*\n.*apt-get install -y python3-venv"):
        pip.installer(python)
