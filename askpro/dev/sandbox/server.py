"""HTTP for the sandbox: kept-alive connections, one thread for each, which a fault can break."""

import contextlib
import logging
import socket
import struct
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from askpro.dev.sandbox.exchange import Answer, Request, Silence

log = logging.getLogger(__name__)

Handle = Callable[[Request], Answer | Silence]
LARGEST_BODY = 10 * 1024 * 1024
# Close with RST instead of FIN.
_NO_LINGER = struct.pack("ii", 1, 0)


_BLANKS = b" " * 65536


class Server(ThreadingHTTPServer):
    """Does not wait for open connections when it is closed."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, host: str, port: int, handle: Handle) -> None:
        self.handle_exchange = handle
        super().__init__((host, port), Connection)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A vanished client is not an error here: tests kill clients on purpose."""
        log.debug("connection lost", exc_info=True)


class Connection(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    # Small answers must not wait for the other side's delayed acknowledgement.
    disable_nagle_algorithm = True

    def answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > LARGEST_BODY or self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            self._write(Answer(411 if not length.isdecimal() else 413))
            return
        path, _, query = self.path.partition("?")
        request = Request(
            self.command,
            unquote(path),
            query,
            self.headers,
            self.rfile.read(int(length)),
        )
        outcome = self._outcome(request)
        if isinstance(outcome, Silence):
            self._break(outcome)
        else:
            self._write(outcome)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer  # noqa: N815 - the base class's names

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)

    def _outcome(self, request: Request) -> Answer | Silence:
        try:
            return self.server.handle_exchange(request)
        except Exception:  # The edge: a bug of the sandbox must not look like a dead vendor.
            log.exception("the sandbox failed on %s %s", request.method, request.path)
            return Answer(
                500, b'{"error": "The sandbox itself failed, see its log."}', {"Content-Type": "application/json"}
            )

    def _write(self, answer: Answer) -> None:
        """Head and body in one segment."""
        if answer.pack:
            answer = _packed(answer)
        length = len(answer.body) + answer.padding
        headers = answer.headers | {"Content-Length": str(length), "Date": self.date_time_string()}
        lines = [f"HTTP/1.1 {answer.status} {answer.reason}", *(f"{name}: {value}" for name, value in headers.items())]
        body = b"" if self.command == "HEAD" else answer.body
        whole = "\r\n".join([*lines, "", ""]).encode("latin-1", errors="replace") + body
        if answer.cut or answer.drip_ms or answer.padding:
            self._spoil(answer, whole)
        else:
            self.wfile.write(whole)

    def _spoil(self, answer: Answer, whole: bytes) -> None:
        self.close_connection = True
        if answer.cut:
            whole = whole[: len(whole) - len(answer.body) // 2]
        for byte in whole if answer.drip_ms else b"":
            self.wfile.write(bytes([byte]))
            time.sleep(answer.drip_ms / 1000)
        if not answer.drip_ms:
            self.wfile.write(whole)
        for start in range(0, answer.padding, len(_BLANKS)):
            self.wfile.write(_BLANKS[: answer.padding - start])

    def _break(self, silence: Silence) -> None:
        self.close_connection = True
        time.sleep(silence.seconds)
        if silence.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            # The handler's streams also hold the socket; it is reset only once they are closed.
            with contextlib.suppress(OSError):
                self.rfile.close()
                self.connection.close()


def _packed(answer: Answer) -> Answer:
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    parts = [packer.compress(answer.body)]
    parts += [packer.compress(_BLANKS[: answer.padding - start]) for start in range(0, answer.padding, len(_BLANKS))]
    body = b"".join([*parts, packer.flush()])
    return replace(answer, body=body, padding=0, headers=answer.headers | {"Content-Encoding": "gzip"})
