"""What leaves this process for the outside: a dry run refuses all of it, and lists it.

Vendors' clients and mail say what they are about to ask (`leaving`), in words that hold no data of persons. Whatever
says nothing is caught where it opens a socket, starts a process or writes a file: Python tells its audit hooks of each.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

# Requests that are listed; all others are refused as well.
MOST: Final = 50
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PROCESSES: Final = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "pty.spawn"}
)
_SOCKETS: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"})
_NAMES: Final = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})


@dataclass(frozen=True, slots=True)
class Leaving:
    """What was about to leave: an HTTP method, "mail" or what the system would do; to whom; and to which path.

    `path` is as the vendor's documentation writes it, without the ids that a request has in their places.
    """

    method: str
    host: str = ""
    path: str = ""


class Refused(BaseException):
    """A dry run asks nobody. It is no `Exception`: nothing that handles errors may take it for an answer."""


# Of the process, not of a thread: what a thread starts another to do is refused as well.
_refused: list[Leaving] | None = None
_is_hooked = False


def leaving(method: str, host: str, path: str = "") -> None:
    """Say what is about to be asked of whom. Raises `Refused` in a dry run, and is nothing otherwise."""
    if _refused is not None:
        _refuse(Leaving(method.upper(), host, path))


@contextmanager
def refused() -> Iterator[list[Leaving]]:
    """Within the block this process reaches nobody; what it tried is listed. Connections that are open stay so."""
    global _refused
    _hook()
    listed: list[Leaving] = []
    # A module that is first imported here would be compiled into a file.
    writes_none, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    _refused = listed
    try:
        yield listed
    finally:
        _refused, sys.dont_write_bytecode = None, writes_none


def _refuse(what: Leaving) -> None:
    if _refused is not None and len(_refused) < MOST and what not in _refused:
        _refused.append(what)
    raise Refused(Refused.__doc__)


def _hook() -> None:
    # A hook cannot be taken away again; it does nothing outside of the block.
    global _is_hooked
    if not _is_hooked:
        sys.addaudithook(_audit)
        _is_hooked = True


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if _refused is None:
        return
    if event in _SOCKETS:
        _refuse(Leaving("socket", _place(args[1])))
    elif event in _NAMES:
        _refuse(Leaving("socket", str(args[0])))
    elif event in _PROCESSES:
        _refuse(Leaving("process"))
    elif event == "open" and isinstance(args[2], int) and args[2] & _WRITES:
        _refuse(Leaving("file"))


def _place(address: Any) -> str:
    """Host and port; a socket in the file system has its path."""
    if isinstance(address, tuple) and len(address) >= 2:
        return f"{address[0]}:{address[1]}"
    return address if isinstance(address, str) else ""
