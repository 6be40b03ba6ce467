"""Stacks as faulthandler writes them, read as short frames: file, line and function, and nothing of the values."""

import re
import sysconfig
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings

from askpro.queues.ledger.outcome import clean
from askpro.queues.processes.page import LONGEST_STACKS

# What is kept of one answer.
MOST_THREADS = 20
MOST_FRAMES = 60
THREAD = re.compile(r"(?:Current thread|Thread) 0x([0-9a-f]+)")
FRAME = re.compile(r'  File "([^"]*)", line (\d+|\?{3}) in (.{1,200})')
# The engine's call of the job's function: a thread without it runs no job.
CALL = "askpro/queues/jobs/actor.py"
PLACES = tuple(
    f"{path.rstrip('/')}/"
    for path in (
        sysconfig.get_path("purelib"),
        sysconfig.get_path("platlib"),
        str(settings.BASE_DIR),
        sysconfig.get_path("stdlib"),
    )
)


@dataclass(slots=True)
class Thread:
    """One thread's frames, the innermost first, each as "file:line function"."""

    is_job: bool
    frames: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def threads_of(text: str, thread: int) -> list[Thread]:
    """The threads in what faulthandler wrote; that of the job comes first. When `thread` is 0 or not among them, each
    that runs any job counts as one.
    """
    found: list[tuple[int, list[str]]] = []
    for line in clean(text, LONGEST_STACKS).splitlines():
        if begin := THREAD.match(line):
            found.append((int(begin[1], 16), []))
        elif found and (frame := FRAME.match(line)) and len(found[-1][1]) < MOST_FRAMES:
            found[-1][1].append(f"{short(frame[1])}:{frame[2]} {frame[3]}")
    is_known = thread in [ident for ident, _ in found]
    threads = [
        Thread(ident == thread if is_known else any(frame.startswith(CALL) for frame in frames), frames)
        for ident, frames in found
    ]
    return sorted(threads, key=lambda each: not each.is_job)[:MOST_THREADS]


def short(path: str) -> str:
    """A file's path from where its package begins."""
    for place in PLACES:
        if path.startswith(place):
            return path.removeprefix(place)
    return path
