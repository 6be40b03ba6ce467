"""A TCP door before a server: shut, connections end and none is let in; frozen, nothing moves."""

import selectors
import socket
import threading
import time
from contextlib import suppress


class Door:
    """Forwards one port to another, in a thread, until it is closed."""

    def __init__(self, host: str, port: int, address: str = "127.0.0.1") -> None:
        self._target = (host, port)
        self._listener = socket.create_server((address, 0), backlog=128)
        self.address, self.port = self._listener.getsockname()
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._is_shut = self._is_frozen = self._is_over = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def shut(self) -> None:
        self._is_shut = True

    def freeze(self) -> None:
        self._is_frozen = True

    def open(self) -> None:
        self._is_shut = self._is_frozen = False

    def close(self) -> None:
        self._is_over = True
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        while not self._is_over:
            if self._is_frozen:
                time.sleep(0.02)
                continue
            for key, _ in self._selector.select(0.05):
                if key.fileobj is self._listener:
                    self._let_in()
                elif key.fileobj in self._pairs:
                    self._forward(key.fileobj)
            if self._is_shut or self._is_over:
                for end in list(self._pairs):
                    self._drop(end)

    def _let_in(self) -> None:
        visitor, _ = self._listener.accept()
        if self._is_shut:
            visitor.close()
            return
        server = socket.create_connection(self._target)
        for here, there in ((visitor, server), (server, visitor)):
            self._pairs[here] = there
            self._selector.register(here, selectors.EVENT_READ)

    def _forward(self, end: socket.socket) -> None:
        try:
            data = end.recv(1 << 16)
            self._pairs[end].sendall(data)
        except OSError:
            data = b""
        if not data:
            self._drop(end)

    def _drop(self, end: socket.socket) -> None:
        for each in (end, self._pairs.get(end)):
            if each is not None and self._pairs.pop(each, None) is not None:
                with suppress(KeyError):
                    self._selector.unregister(each)
                each.close()
