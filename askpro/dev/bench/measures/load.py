"""The load generator, a process of its own: `python -m askpro.dev.bench.measures.load PORT PATH COUNT KEY`.

One thread over raw sockets, so that it takes little of the processors it shares with the server.
"""

import json
import selectors
import socket
import sys
import time
from collections import Counter

from askpro.dev.bench import posts

CONNECTIONS = 8
# A gunicorn worker keeps the connections it has accepted; reconnecting spreads them evenly over the workers.
REQUESTS_A_CONNECTION = 50
LONGEST = 30.0


class Connection:
    """Kept alive for some requests, then reopened."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._left = 0
        self.socket = socket.socket()
        self.sent = 0.0
        self._answer = b""

    def send(self, request: bytes) -> None:
        if not self._left:
            self.socket.close()
            self.socket = socket.create_connection(("127.0.0.1", self._port), LONGEST)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._left = REQUESTS_A_CONNECTION
        self._left -= 1
        self._answer = b""
        self.sent = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> int:
        """The status code once the answer's head is there (no answer measured here has a body), else 0."""
        data = self.socket.recv(65536)
        self._answer += data
        if not data:
            raise ConnectionError("The server closed the connection.")
        if b"\r\n\r\n" not in self._answer:
            return 0
        return int(self._answer.split(b" ", 2)[1])


class Load:
    """Sends all requests over eight connections, with one request at a time on each."""

    def __init__(self, port: int, requests: list[bytes]) -> None:
        self._requests = iter(requests)
        self._port = port
        self._selector = selectors.DefaultSelector()
        self._waiting = 0
        self.statuses: Counter[int] = Counter()
        self.seconds: list[float] = []

    def run(self) -> float:
        """Seconds from the first request to the last answer."""
        began = time.perf_counter()
        for _ in range(CONNECTIONS):
            self._send(Connection(self._port))
        while self._waiting:
            ready = self._selector.select(LONGEST)
            if not ready:
                raise TimeoutError("The server does not answer.")
            for key, _ in ready:
                self._receive(key.data)
        return time.perf_counter() - began

    def _send(self, connection: Connection) -> None:
        request = next(self._requests, None)
        if request is None:
            return
        connection.send(request)
        self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        self._waiting += 1

    def _receive(self, connection: Connection) -> None:
        status = connection.receive()
        if not status:
            return
        self.seconds.append(time.perf_counter() - connection.sent)
        self.statuses[status] += 1
        self._selector.unregister(connection.socket)
        self._waiting -= 1
        self._send(connection)


def main(port: int, path: str, count: int, key: str) -> None:
    load = Load(port, [post.written(path, key) for post in posts.many(count)])
    cpu = time.process_time()
    seconds = load.run()
    used = (time.process_time() - cpu) / seconds
    print(json.dumps({"seconds": seconds, "statuses": load.statuses, "latencies": load.seconds, "cpu": used}))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
