"""The state in a file of this host: when neither PostgreSQL nor Redis is there, each host tells for itself."""

import fcntl
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

from django.conf import settings

from askpro.watch.state import State
from askpro.watch.stores import document
from askpro.watch.stores.base import StoreAway, T


class FileStore:
    name = "file"

    def __init__(self) -> None:
        self._folder = Path(settings.ASKPRO_HOME) / "watch"
        self._path = self._folder / "state.json"

    def change(self, change: Callable[[State], T], also: Collection[UUID] = ()) -> T:
        try:
            with self._alone():
                state = document.read(self._text())
                result = change(state)
                self._write(document.written(state))
                return result
        except OSError as error:
            raise StoreAway("the file") from error

    def left(self) -> str:
        """What is in it; empty when nothing is. It is small, and looked at often."""
        with suppress(OSError):
            return self._text()
        return ""

    def forget(self, text: str) -> None:
        """Empty it, unless it has changed."""
        with suppress(OSError), self._alone():
            if self._text() == text:
                self._path.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield

    def _text(self) -> str:
        return self._path.read_text("utf-8") if self._path.exists() else ""

    def _write(self, text: str) -> None:
        """A whole file or the former one, also when the host dies or its disk is full."""
        new = self._path.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.rename(self._path)
