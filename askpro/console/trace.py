"""A traceback with our own frames told from everybody else's."""

import re
from dataclasses import dataclass
from pathlib import Path

PROJECT = str(Path(__file__).resolve().parents[2])
FOREIGN = ("site-packages", "/.venv/", "/lib/python")
_FRAME = re.compile(r'\s*File "(?P<file>[^"]+)", line \d+')


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a traceback. `own` is code of this project, the place to look first."""

    text: str
    own: bool


def lines_of(trace: str) -> list[Line]:
    """The lines in order; the code below a frame belongs to it."""
    lines: list[Line] = []
    own = False
    for text in trace.splitlines():
        if frame := _FRAME.match(text):
            own = _is_own(frame["file"])
        elif not text.startswith(" "):
            own = False
        lines.append(Line(text.replace(f"{PROJECT}/", ""), own))
    return lines


def _is_own(file: str) -> bool:
    return file.startswith(PROJECT) and not any(part in file for part in FOREIGN)
