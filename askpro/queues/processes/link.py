"""What forker and chores tell each other: lines of JSON over a socket pair."""

import json
import select
import socket
from collections.abc import Iterator
from typing import Any


class Link:
    """One end. A message is a word with its values; words that the other end does not know are its business."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._socket = end
        self._unread = b""
        self._unsent = b""
        self.is_closed = False

    @classmethod
    def pair(cls) -> tuple["Link", "Link"]:
        ours, theirs = socket.socketpair()
        return cls(ours), cls(theirs)

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, word: str, **values: Any) -> None:
        """Send now, or with a later call when the other end does not read."""
        self._unsent += json.dumps({"word": word, **values}).encode() + b"\n"
        self.flush()

    @property
    def is_jammed(self) -> bool:
        """The other end does not read: what can be said later should be."""
        return bool(self._unsent)

    def flush(self) -> None:
        try:
            while self._unsent:
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except BlockingIOError:
            return
        except OSError:
            self.is_closed = True

    def receive(self, wait: float = 0.0) -> Iterator[dict[str, Any]]:
        """What has come, after at most `wait` seconds."""
        if wait:
            select.select([self._socket], [], [], wait)
        *lines, self._unread = self._read().split(b"\n")
        for line in lines:
            yield json.loads(line)

    def close(self) -> None:
        self._socket.close()
        self.is_closed = True

    def _read(self) -> bytes:
        data = self._unread
        try:
            while part := self._socket.recv(1 << 16):
                data += part
            self.is_closed = True
        except BlockingIOError:
            pass
        except OSError:
            self.is_closed = True
        return data
