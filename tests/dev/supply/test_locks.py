"""Every file of requirements has a lock that was made for just its pins, and pip takes nothing else."""

import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from askpro.dev.supply.lock import APART, TOGETHER
from askpro.dev.supply.locks import Lock
from askpro.dev.up.failure import Failure
from askpro.dev.up.pip import installer
from askpro.dev.up.progress import Progress
from tests.dev.up.conftest import ROOT

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>[^\s;]+)$")


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_file_of_requirements_has_its_lock() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    if tracked.returncode:
        pytest.skip("a copy without git's history")
    files = {name for name in tracked.stdout.splitlines() if re.search(r"(^|/)requirements[^/]*\.txt$", name)}

    assert files == {*TOGETHER, *APART}


@pytest.mark.parametrize("name", [*TOGETHER, *APART])
class TestLock:
    def test_it_was_made_for_these_pins(self, name: str) -> None:
        assert Lock(ROOT, name).is_fresh(), "run: python3 manage.py lock"

    def test_it_has_every_pin_in_its_version(self, name: str) -> None:
        locked = {(each.name, each.version) for each in Lock(ROOT, name).packages()}
        pins = [found for line in Lock(ROOT, name).pins() if (found := PIN.match(line))]

        assert pins
        assert len(pins) == len(Lock(ROOT, name).pins())
        assert {(normalized(pin["name"]), pin["version"]) for pin in pins} <= locked

    def test_everything_has_hashes(self, name: str) -> None:
        text = Lock(ROOT, name).path.read_text(encoding="utf-8")
        packages = Lock(ROOT, name).packages()

        assert [each.name for each in packages if not each.hashes] == []
        assert sum(len(each.hashes) for each in packages) == text.count("--hash=sha256:")
        assert len(packages) == len(re.findall(r"(?m)^[^ #].*==", text)), "a line that nobody reads"

    def test_it_comes_from_no_other_place_than_the_index(self, name: str) -> None:
        text = Lock(ROOT, name).path.read_text(encoding="utf-8")

        assert not re.search(r"file:|https?:|--index|--find-links|-e ", text)


def test_what_is_installed_together_agrees_in_every_version() -> None:
    """One package may have several versions, for several Pythons; then it has the same ones everywhere."""
    versions: dict[str, dict[str, set[tuple[str, tuple[str, ...]]]]] = defaultdict(lambda: defaultdict(set))
    for name in TOGETHER:
        for each in Lock(ROOT, name).packages():
            versions[each.name][name].add((each.version, each.hashes))

    twice = {package: [*found.values()] for package, found in versions.items() if len(found) > 1}
    assert twice
    assert {package for package, found in twice.items() if any(each != found[0] for each in found)} == set()


@pytest.mark.parametrize(
    ("changed", "fresh"),
    [
        ("# another remark\nb==2\na==1  # and here\n", True),
        ("a==1\nb==3\n", False),
        ("a==1\n", False),
        ("a==1\nb==2\nc==1\n", False),
        ('a==1\nb==2 ; python_version < "3.12"\n', False),
    ],
)
def test_it_follows_the_pins_and_not_the_remarks(tmp_path: Path, changed: str, fresh: bool) -> None:
    (tmp_path / "requirements.txt").write_text("# a remark\na==1\nb==2\n", encoding="utf-8")
    lock = Lock(tmp_path, "requirements.txt")
    assert not lock.is_fresh()

    lock.write("")
    assert lock.is_fresh()
    (tmp_path / "requirements.txt").write_text(changed, encoding="utf-8")
    assert lock.is_fresh() is fresh


def test_a_file_with_another_hash_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By pip itself, from a folder instead of an index."""
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    (tmp_path / "tampered-1.0-py3-none-any.whl").write_bytes(b"not what was locked")
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"--find-links {tmp_path}\ntampered==1.0 \\\n    --hash=sha256:{'0' * 64}\n", encoding="utf-8")

    with Progress("") as progress, pytest.raises(Failure, match="is not the one that the lock names"):
        installer(Path(sys.executable)).install([lock], tmp_path / "log", progress)
