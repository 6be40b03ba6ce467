"""Re-executing the forker: the same process and the same children, with the current code.

The children stay children of this process; what the new image must know of them is passed in an unnamed file.
"""

import json
import os
import signal
import socket
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

from askpro.queues.processes.link import Died, Link
from askpro.queues.processes.page import Page, unnamed_file
from askpro.queues.supervisor.child import Child, send_signal

INHERITED = "ASKPRO_QUEUES_INHERITED"
PREFLIGHT = "ASKPRO_QUEUES_PREFLIGHT"
# Seconds within which new code must have loaded.
PREFLIGHT_LIMIT = 60.0


@dataclass(slots=True)
class Takeover:
    """What one image of the forker leaves to the next."""

    supervisor_id: int
    children: list[Child]
    reports: dict[int, Died]
    counts: dict[str, int]
    link: Link | None

    def execute(self) -> None:
        """Replace this process by the current code. Does not return."""
        inherited = unnamed_file("askpro takeover")
        fds = [child.page.fd for child in self.children]
        state = {
            "supervisor_id": self.supervisor_id,
            "children": [
                (child.pid, child.group, child.page.fd, child.forked_at, child.leaving_at) for child in self.children
            ],
            "reports": {number: _without_number(report) for number, report in self.reports.items()},
            "counts": self.counts,
            "link": self.link.fileno() if self.link else None,
        }
        os.write(inherited, json.dumps(state).encode())
        for fd in (inherited, *fds, *([self.link.fileno()] if self.link else ())):
            os.set_inheritable(fd, True)
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(sys.executable, _arguments(), {**os.environ, INHERITED: str(inherited)})


def inherit() -> Takeover | None:
    """What the previous image left; None at a first start."""
    fd = os.environ.pop(INHERITED, None)
    if fd is None:
        return None
    with open(int(fd), "rb") as file:  # noqa: PTH123 - it has no path
        file.seek(0)
        state = json.loads(file.read())
    children = []
    for pid, group, page_fd, forked_at, leaving_at in state["children"]:
        os.set_inheritable(page_fd, False)
        children.append(Child(Page(page_fd), group, pid, forked_at, leaving_at))
    link = Link(socket.socket(fileno=state["link"])) if state["link"] is not None else None
    reports = {int(number): Died(int(number), **report) for number, report in state["reports"].items()}
    return Takeover(state["supervisor_id"], children, reports, state["counts"], link)


class Preflight:
    """A test start of the current code in a process of its own, which exits with 0 when the code would start."""

    def __init__(self) -> None:
        self.pid = 0
        self._until = 0.0
        self._is_outdated = False

    def start(self) -> None:
        if self.pid:
            # The code has changed again: what is being tried is not what would be loaded.
            self._is_outdated = True
        else:
            self._until = time.monotonic() + PREFLIGHT_LIMIT
            self.pid = os.posix_spawn(sys.executable, _arguments(), {**os.environ, PREFLIGHT: "1"}, setsigmask=())

    def kill_if_late(self) -> None:
        """Kill it when it takes too long, so that a later restart need not wait. Its end is reported like any other."""
        if time.monotonic() > self._until:
            self.kill()

    def kill(self) -> None:
        if self.pid:
            send_signal(self.pid, signal.SIGKILL)

    def end(self) -> bool:
        """Its process has ended. True when the exit code is about the current code; False when the code changed
        meanwhile and the test start was begun again."""
        self.pid = 0
        if not self._is_outdated:
            return True
        self._is_outdated = False
        self.start()
        return False


def is_preflight() -> bool:
    return PREFLIGHT in os.environ


def _without_number(report: Died) -> dict[str, Any]:
    # As every release has written it: a restart may lead forward or back.
    return {name: value for name, value in asdict(report).items() if name != "number"}


def _arguments() -> list[str]:
    return [sys.executable, *sys.orig_argv[1:]]
