"""A listener in AskPro's place."""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock
from typing import Any


class Listener(ThreadingHTTPServer):
    """Takes webhooks and answers with `answer`, with `statuses` in turn, then 204. `on_request` runs before that."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        self.answer = b""
        self.on_request: Callable[[], None] = lambda: None
        self.lock, self.arrived = Lock(), Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """The first `count` webhooks; fails the test if they do not come."""
        while len(self.requests) < count:
            assert self.arrived.wait(10), f"{len(self.requests)} of {count} webhooks came"
            self.arrived.clear()
        return self.requests


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.on_request()
        with self.server.lock:
            self.server.requests.append({"path": self.path, "headers": dict(self.headers), "body": body})
            status = self.server.statuses.pop(0) if self.server.statuses else 204
        self.send_response(status)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)
        self.server.arrived.set()

    def log_message(self, *args: Any) -> None:
        pass
