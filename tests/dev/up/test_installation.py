import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from askpro.dev.supply.locks import Lock
from askpro.dev.up.failure import Failure
from askpro.dev.up.installation import Installation
from tests.dev.up.conftest import ROOT

FILES = ("requirements.txt",)


@pytest.fixture
def finished(tmp_path: Path) -> Installation:
    """A checkout whose `.venv` was set up and stamped."""
    (tmp_path / "requirements.txt").write_text("some-package==1.0\n", encoding="utf-8")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    installation = Installation(tmp_path, FILES)
    installation._stamp(FILES)
    return installation


def test_it_is_current_when_it_was_stamped(finished: Installation) -> None:
    assert finished.is_current()


def test_it_is_stale_when_a_requirement_file_has_changed(finished: Installation) -> None:
    (finished.root / "requirements.txt").write_text("some-package==1.1\n", encoding="utf-8")

    assert not finished.is_current()


def test_it_is_stale_when_another_command_needs_more(finished: Installation) -> None:
    (finished.root / "tests.txt").write_text("pytest==1\n", encoding="utf-8")

    assert not Installation(finished.root, (*FILES, "tests.txt")).is_current()


def test_it_is_stale_when_the_set_up_did_not_finish(finished: Installation) -> None:
    (finished.venv / "askpro-stamp.json").unlink()

    assert not finished.is_current()


def test_it_is_stale_when_the_checkout_was_moved(finished: Installation, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for name in (".venv", "requirements.txt"):
        (finished.root / name).rename(moved / name)

    assert not Installation(moved, FILES).is_current()


def test_it_is_stale_when_its_python_is_gone(finished: Installation) -> None:
    finished.python.unlink()
    finished.python.symlink_to("/nowhere/python")

    assert not finished.is_current()


def test_it_is_stale_when_the_stamp_is_damaged(finished: Installation) -> None:
    (finished.venv / "askpro-stamp.json").write_text("[", encoding="utf-8")

    assert not finished.is_current()


def test_it_leaves_another_checkouts_environment_alone(finished: Installation, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "requirements.txt").write_text("a-package-nobody-has==1.0\n", encoding="utf-8")
    Lock(other, "requirements.txt").write("")
    (other / ".venv").symlink_to(finished.venv)

    with pytest.raises(Failure, match="is a link to an environment"):
        Installation(other, FILES).ensure(["manage.py", "up"])

    assert finished.is_current()


@pytest.mark.parametrize(
    ("line", "satisfied"),
    [
        (f"pytest=={metadata.version('pytest')}", True),
        (f"pytest[dev]=={metadata.version('pytest')}  # with a comment", True),
        ("pytest==0.1", False),
        ("a-package-nobody-has==1.0", False),
        ('a-package-nobody-has==1.0 ; sys_platform == "win32"', True),
        (f'pytest==0.1 ; python_version < "3"\npytest=={metadata.version("pytest")}', True),
        ("# only a comment", True),
    ],
)
def test_it_is_satisfied_by_the_pinned_versions_only(tmp_path: Path, line: str, satisfied: bool) -> None:
    (tmp_path / "requirements.txt").write_text(line, encoding="utf-8")

    assert Installation(tmp_path, FILES).is_satisfied() is satisfied


def test_it_needs_nothing_but_the_standard_library_to_begin() -> None:
    command = [sys.executable, "-E", "-S", "manage.py", "up", "--help"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)

    assert answer.returncode == 0, answer.stderr
    assert "--no-demo" in answer.stdout


def test_it_reads_every_pin_of_this_repository() -> None:
    """A change in a line that the reader does not understand would never be installed."""
    for name in ("requirements.txt", "deploy/requirements-local.txt", "tests/requirements.txt"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        wanted = [line for line in lines if line.strip() and not line.startswith("#")]
        pins = Installation(ROOT, (name,))._pins()
        assert sum(len(versions) for versions in pins.values()) >= len(pins) > 0
        assert len(pins) == len({line.split("==")[0].split("[")[0] for line in wanted})


def test_it_is_stale_when_a_lock_has_changed(finished: Installation) -> None:
    Lock(finished.root, "requirements.txt").write("another-package==1.0")

    assert not finished.is_current()


def test_it_installs_nothing_that_no_lock_names(finished: Installation) -> None:
    (finished.root / "requirements.txt").write_text("some-package==1.1\n", encoding="utf-8")

    with pytest.raises(Failure, match=r"requirements.txt was changed(.|\n)*manage.py lock"):
        finished._install()


@pytest.mark.long
def test_it_sets_up_a_checkout_and_repairs_a_half_finished_one(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("cronsim==2.8\n", encoding="utf-8")
    [cronsim] = [each for each in Lock(ROOT, "requirements.txt").packages() if each.name == "cronsim"]
    hashes = "".join(f" \\\n    --hash={each}" for each in cronsim.hashes)
    Lock(tmp_path, "requirements.txt").write(f"cronsim==2.8{hashes}\n")
    script = tmp_path / "run.py"
    script.write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from pathlib import Path\n"
        "from askpro.dev.up.installation import Installation\n"
        f"Installation(Path({str(tmp_path)!r}), ('requirements.txt',)).ensure(sys.argv)\n"
        "import cronsim\n"
        "print(cronsim.__file__)\n",
        encoding="utf-8",
    )
    env = {**os.environ, "PYTHONPATH": ""}
    base = sys._base_executable  # type: ignore[attr-defined]

    for damage in (None, "askpro-stamp.json", "bin/python"):
        if damage:
            (tmp_path / ".venv" / damage).unlink()
        answer = subprocess.run([base, script], capture_output=True, text=True, env=env, timeout=120)
        assert answer.returncode == 0, answer.stderr
        assert str(tmp_path / ".venv") in answer.stdout
    assert json.loads((tmp_path / ".venv" / "askpro-stamp.json").read_text(encoding="utf-8"))["files"]
