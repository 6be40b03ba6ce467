"""The `.venv` of a checkout: made, filled, repaired and entered by the standard library alone."""

import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from askpro.dev.supply.locks import Lock
from askpro.dev.up.failure import Failure
from askpro.dev.up.pip import installer
from askpro.dev.up.progress import Progress

RUN_TIME, LOCAL, TESTS = "requirements.txt", "deploy/requirements-local.txt", "tests/requirements.txt"
LOCK, STAMP = "askpro.lock", "askpro-stamp.json"
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)\s*(;.*)?$")


@dataclass(frozen=True)
class Installation:
    """The packages that some requirement files of the checkout `root` pin."""

    root: Path
    files: tuple[str, ...]

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    def ensure(self, argv: list[str]) -> None:
        """Return when this Python has every pinned package; else make `.venv` and run `argv` again in it."""
        if self.is_entered() and self.is_current():
            return
        if not self.is_entered() and self.is_satisfied():
            return  # a container, or an activated virtual environment that has everything
        if not self.is_current():
            with self._alone():
                if not self.is_current():  # no other command has installed it meanwhile
                    self._install()
        self._exec(argv)

    def enter(self, argv: list[str]) -> None:
        """Run `argv` again in `.venv` if it is finished and this Python lacks the packages."""
        if (
            not self.is_entered()
            and self._stamped_files()
            and os.access(self.python, os.X_OK)
            and not self.is_satisfied()
        ):
            self._exec(argv)

    def is_entered(self) -> bool:
        return Path(sys.prefix).resolve() == self.venv.resolve()

    def is_satisfied(self) -> bool:
        """Whether the running Python has each pinned package in a pinned version."""
        return all(_installed_version(name) in versions for name, versions in self._pins().items())

    def is_current(self) -> bool:
        """Whether `.venv` was finished with exactly these files and this Python."""
        stamp = self._read_stamp()
        same_files = all(stamp.get("files", {}).get(name) == self._digest(name) for name in self.files)
        return same_files and stamp.get("made") == self._made() and os.access(self.python, os.X_OK)

    def _install(self) -> None:
        # The files of earlier commands are included: a raised pin may be of a package that only the tests need.
        files = tuple(dict.fromkeys((*self.files, *self._stamped_files())))
        locks = [self._lock(name) for name in files]
        names = len({package.name for lock in locks for package in lock.packages()})
        with Progress(f"Setting up .venv with {names} packages (only this once)") as progress:
            if self._read_stamp().get("made") != self._made() or not os.access(self.python, os.X_OK):
                self._make(progress)
            (self.venv / STAMP).unlink(missing_ok=True)  # unfinished until it is stamped again
            pip = installer(self.python)
            pip.install([lock.path for lock in locks], self.venv / "askpro-pip.log", progress)
        self._stamp(files)

    def _make(self, progress: Progress) -> None:
        if self.venv.is_symlink():  # everything in its target would be deleted, and may be in use
            raise Failure(
                f"{self.venv} is a link to an environment that was made for another place.",
                f"Remove the link, and this checkout makes an environment of its own: rm {self.venv}",
            )
        progress.say("creating .venv")
        for entry in self.venv.iterdir():
            if entry.name != LOCK:
                shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        base = getattr(sys, "_base_executable", None) or sys.executable
        if importlib.util.find_spec("venv") is None:
            raise Failure("This Python has no `venv` module.", "On Debian and Ubuntu: apt-get install -y python3-venv")
        made = subprocess.run(
            [base, "-m", "venv", "--without-pip", str(self.venv)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if made.returncode:
            raise Failure(f"{self.venv} could not be created: {made.stderr.strip() or made.stdout.strip()}")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One set-up at a time. The lock lives inside `.venv`, so it never leaves the checkout."""
        try:
            self.venv.mkdir(exist_ok=True)
            handle = (self.venv / LOCK).open("w")
        except OSError as error:
            raise Failure(
                f"{self.venv} cannot be written ({error.strerror}).",
                "Make a checkout of your own, or run this as the user who owns it.",
            ) from error
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(
                    "Another command is setting this checkout up: waiting for it…",
                    file=sys.stderr,
                    flush=True,
                )
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _exec(self, argv: list[str]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(self.python, [str(self.python), *argv])

    def _pins(self) -> dict[str, set[str]]:
        """Name → pinned versions. A line with an environment marker allows its version and demands none."""
        pins: dict[str, set[str]] = {}
        optional: dict[str, set[str]] = {}
        for name in self.files:
            for pin in Lock(self.root, name).pins():
                if match := PIN.match(pin):
                    package, version, marker = match.groups()
                    (optional if marker else pins).setdefault(package, set()).add(version)
        return {package: versions | optional.get(package, set()) for package, versions in pins.items()}

    def _lock(self, name: str) -> Lock:
        lock = Lock(self.root, name)
        if not lock.is_fresh():
            raise Failure(
                f"{name} was changed, and {lock.path.name} beside it has not followed.",
                "Bring it up to date: python3 manage.py lock",
            )
        return lock

    def _made(self) -> str:
        """What a `.venv` depends on beside its packages: the Python, the machine and its own path."""
        return f"{sys.implementation.cache_tag} {os.uname().machine} {self.venv}"

    def _stamp(self, files: tuple[str, ...]) -> None:
        digests = {name: self._digest(name) for name in files}
        _write(self.venv / STAMP, json.dumps({"made": self._made(), "files": digests}, indent=1))

    def _digest(self, name: str) -> str:
        lock = Lock(self.root, name).path
        locked = lock.read_bytes() if lock.is_file() else b""
        return hashlib.sha256((self.root / name).read_bytes() + locked).hexdigest()

    def _read_stamp(self) -> dict[str, Any]:
        try:
            stamp = json.loads((self.venv / STAMP).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) else {}

    def _stamped_files(self) -> tuple[str, ...]:
        return tuple(name for name in self._read_stamp().get("files", {}) if (self.root / name).is_file())


def _installed_version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _write(path: Path, text: str) -> None:
    """Write the file whole or not at all: a reader never sees half of it."""
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
