"""Bounds of an exchange with the outside: one deadline from resolving the name to the last byte, and a size limit."""

import math
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


class NoTime(TimeoutError):
    """The exchange did not end before its deadline."""


class TooMuch(OSError):
    """The other side sent more than the limit allows."""


@dataclass(slots=True)
class _Bounds:
    ends_at: float
    bytes_left: int


_UNBOUNDED = 2**62
_bounds: ContextVar[_Bounds | None] = ContextVar("bounds", default=None)


@contextmanager
def deadline(seconds: float, most_bytes: int = _UNBOUNDED) -> Iterator[None]:
    """Within the block, sockets of this module raise `NoTime` after `seconds` and `TooMuch` above `most_bytes` read.

    When blocks are nested, the earliest deadline and the smallest size apply.
    """
    outer = _bounds.get() or _Bounds(math.inf, _UNBOUNDED)
    allowed = min(outer.bytes_left, most_bytes)
    inner = _Bounds(min(outer.ends_at, time.monotonic() + seconds), allowed)
    token = _bounds.set(inner)
    try:
        yield
    finally:
        outer.bytes_left -= allowed - inner.bytes_left
        _bounds.reset(token)


def seconds_left() -> float | None:
    """Until the deadline; None where none was set. Raises `NoTime` once it has passed."""
    bounds = _bounds.get()
    if bounds is None:
        return None
    left = bounds.ends_at - time.monotonic()
    if left <= 0:
        raise NoTime(NoTime.__doc__)
    return left


class _Bounded:
    """Gives each operation the time that is left: a plain time-out restarts with every byte that arrives."""

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self._hurry()
        received: int = super().recv_into(*args, **kwargs)  # type: ignore[misc]
        if bounds := _bounds.get():
            bounds.bytes_left -= received
            if bounds.bytes_left < 0:
                raise TooMuch(TooMuch.__doc__)
        return received

    def send(self, *args: Any, **kwargs: Any) -> int:
        self._hurry()
        sent: int = super().send(*args, **kwargs)  # type: ignore[misc]
        return sent

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self._hurry()
        super().sendall(*args, **kwargs)  # type: ignore[misc]

    def do_handshake(self, *args: Any, **kwargs: Any) -> None:
        self._hurry()
        super().do_handshake(*args, **kwargs)  # type: ignore[misc]

    def _hurry(self) -> None:
        if (left := seconds_left()) is not None:
            self.settimeout(left)  # type: ignore[attr-defined]


class Socket(_Bounded, socket.socket):
    pass


class TlsSocket(_Bounded, ssl.SSLSocket):
    pass


def bounded(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same context, whose sockets now keep the bounds."""
    context.sslsocket_class = TlsSocket
    return context


def connect(host: str, port: int, timeout: float) -> Socket:
    """Connect to the first address that accepts within `timeout` seconds. Raises `OSError`, also `socket.gaierror`."""
    with deadline(timeout):
        refusal: OSError = socket.gaierror(socket.EAI_NONAME, "the name has no address")
        for family, kind, protocol, _, address in _addresses(host, port):
            connection = Socket(family, kind, protocol)
            try:
                connection.settimeout(seconds_left())
                connection.connect(address)
                # Small requests must not wait for the acknowledgement of their first half.
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return connection
            except OSError as error:
                connection.close()
                refusal = error
        raise refusal


def _addresses(host: str, port: int) -> list[Any]:
    """The resolver's own time-outs add up to half a minute and more, so it runs in a thread that can be left."""
    found: list[Any] = []
    failures: list[Exception] = []

    def resolve() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            failures.append(error)

    thread = threading.Thread(target=resolve, name="resolver", daemon=True)
    thread.start()
    thread.join(seconds_left())
    if failures:
        raise socket.gaierror(socket.EAI_NONAME, "the name is not known") from failures[0]
    if thread.is_alive():
        raise NoTime(NoTime.__doc__)
    return found
