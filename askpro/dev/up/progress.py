"""Shows the progress while packages are installed: one live line on a terminal, a few plain ones elsewhere."""

import sys
import threading
import time
from types import TracebackType
from typing import TextIO

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
PLAIN_EVERY = 20  # packages between two plain lines


class Progress:
    """Counts pip's lines and shows what happens and for how long."""

    def __init__(self, title: str, stream: TextIO | None = None) -> None:
        self.title = title
        self.found = 0
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._now = "starting"
        self._began = time.monotonic()
        self._over = threading.Event()
        self._painter = threading.Thread(target=self._paint, daemon=True)

    def __enter__(self) -> "Progress":
        self._print(f"{self.title}\n")
        if self._live:
            self._painter.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._live:
            self._painter.join()
            self._print("\r\033[K")
        if kind is None:
            self._print(f"  done, {self.found} packages in {self.seconds} s\n")

    @property
    def seconds(self) -> int:
        return int(time.monotonic() - self._began)

    def say(self, doing: str) -> None:
        """Show what happens now."""
        self._now = doing
        if not self._live:
            self._print(f"  {doing} ({self.seconds} s)\n")

    def pip(self, line: str) -> None:
        """Take one line of pip's output."""
        first, _, rest = line.partition(" ")
        name = rest.split("==")[0].split(">")[0].split("<")[0].split(" ")[0].split("[")[0].rstrip("!~,;")
        if first == "Collecting":
            self.found += 1
            self._now = f"{self.found} packages found · fetching {name}"
            if not self._live and self.found % PLAIN_EVERY == 0:
                self.say(f"{self.found} packages found")
        elif line.startswith("Installing collected packages"):
            self.found = line.count(",") + 1
            self.say(f"unpacking {self.found} packages")

    def _paint(self) -> None:
        frame = 0
        while not self._over.wait(0.1):
            frame += 1
            self._print(f"\r\033[K  {FRAMES[frame % len(FRAMES)]} {self._now} · {self.seconds} s")

    def _print(self, text: str) -> None:
        try:
            self._stream.write(text)
        except UnicodeEncodeError:  # a terminal in the C locale
            self._stream.write(text.encode("ascii", "replace").decode())
        self._stream.flush()
