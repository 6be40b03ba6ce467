"""Where a checkout keeps its data, its secrets and what it remembers between two starts."""

import fcntl
import json
import os
import secrets
from itertools import count
from pathlib import Path
from typing import Any, TextIO

from askpro.dev.up.failure import Failure


class Home:
    """A state folder, `.askpro` of the checkout unless ASKPRO_HOME says otherwise."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: TextIO | None = None

    @classmethod
    def of(cls, root: Path) -> "Home":
        """The folder of the checkout `root`, which `up` uses; `test` and `bench` have their own below it."""
        return cls(Path(os.environ.get("ASKPRO_HOME") or root / ".askpro"))

    def below(self, name: str) -> "Home":
        return Home(self.path / name)

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    def prepare(self) -> None:
        """Create the folder. When made by root, other users may pass through it, since PostgreSQL's user must."""
        try:
            self.path.mkdir(mode=0o711, parents=True, exist_ok=True)
            if self.path.stat().st_uid != os.geteuid():
                raise PermissionError(1, "it belongs to another user")
            self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
            self.logs.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise Failure(
                f"The state folder {self.path} cannot be used: {error.strerror}.",
                "Run this as its owner, or set ASKPRO_HOME to a folder of your own.",
            ) from error

    def lock(self) -> bool:
        """Lock the folder until this process ends; False when another process has locked it."""
        handle = (self.path / "lock").open("a+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            return False
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        self._lock = handle
        return True

    def owner(self) -> str:
        """The process id in the lock file, for a message."""
        try:
            return (self.path / "lock").read_text(encoding="utf-8").strip() or "unknown"
        except OSError:
            return "unknown"

    def recall(self, key: str, default: Any = None) -> Any:
        return self._read("state.json").get(key, default)

    def remember(self, **values: Any) -> None:
        self._write("state.json", {**self._read("state.json"), **values})

    def secret(self, name: str, prefix: str = "", size: int = 16) -> str:
        """The secret called `name`: `prefix` and 2 × `size` hex digits, made at its first use."""
        known = self._read("secrets.json")
        if name not in known:
            known[name] = prefix + secrets.token_hex(size)
            self._write("secrets.json", known)
        return str(known[name])

    def _read(self, name: str) -> dict[str, Any]:
        try:
            values = json.loads((self.path / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise Failure(f"{self.path / name} cannot be read: {error}", "Repair the file or move it away.") from error
        return values if isinstance(values, dict) else {}

    def _write(self, name: str, values: dict[str, Any]) -> None:
        temporary = self.path / f"{name}.new"
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(values, file, indent=1)
        temporary.replace(self.path / name)


def free_below(root: Path, name: str) -> Home:
    """The locked home `name` of the checkout `root`, or `name-2` and so on while other runs lock the earlier ones."""
    parent = Home.of(root)
    parent.prepare()
    for number in count(1):
        home = parent.below(name if number == 1 else f"{name}-{number}")
        home.prepare()
        if home.lock():
            return home
    raise AssertionError
