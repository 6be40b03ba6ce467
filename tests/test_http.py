"""Outgoing HTTP fails with few kinds of errors, and never runs inside a transaction."""

import contextlib
import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import responses
import time_machine
from django.db import transaction

from askpro import http
from askpro.gates import on_the_line
from askpro.http import Answer, CallInTransaction, Client, pause
from askpro.queues import RateLimited, Unavailable, Unknown
from askpro.queues.errors import JobError
from askpro.queues.ledger.gates import Gate

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client("vendor", "https://vendor.example/v2/", speaks=is_word, gate=Gate("vendor"))


def is_word(answer: Answer) -> bool:
    return isinstance(answer.json(), dict)


Speech = Callable[[socket.socket], None]


@pytest.fixture
def said(settings: Any) -> Iterator[Callable[[Speech], Client]]:
    """A client of a server that reads a request and then does what the test says, on an open connection."""
    settings.VENDOR_TIMEOUT = 0.3
    settings.VENDOR_MAX_BYTES = 100_000
    servers = []

    def serve(speech: Speech) -> Client:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)
        threading.Thread(target=answer_one, args=(server, speech), daemon=True).start()
        return Client("vendor", f"http://127.0.0.1:{server.getsockname()[1]}", speaks=is_word, gate=Gate("vendor"))

    yield serve
    for server in servers:
        server.close()


def answer_one(server: socket.socket, speech: Speech) -> None:
    with contextlib.suppress(OSError):
        connection = server.accept()[0]
        connection.recv(65536)
        speech(connection)
        connection.close()


def dripping(text: bytes) -> Speech:
    def drip(connection: socket.socket) -> None:
        for byte in text:
            connection.sendall(bytes([byte]))
            time.sleep(0.02)

    return drip


def head(length: int, more: str = "") -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n{more}\r\n".encode()


def endless(connection: socket.socket) -> None:
    connection.sendall(head(600_000_000))
    while True:
        connection.sendall(b" " * 65536)


def bomb(connection: socket.socket) -> None:
    small = gzip.compress(b"0" * 20_000_000)
    assert len(small) < 100_000
    connection.sendall(head(len(small), "Content-Encoding: gzip\r\n") + small)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


SPEECHES: dict[str, Speech] = {
    "it says nothing": lambda connection: time.sleep(1),
    "it closes": lambda connection: None,
    "it resets": reset,
    "its head drips": dripping(head(2) + b"{}"),
    "its body drips": lambda connection: (connection.sendall(head(1000)), dripping(b" " * 1000)(connection))[0],
    "it breaks off": lambda connection: connection.sendall(head(1000) + b'{"status"'),
    "it never ends": endless,
    "it unpacks to more than it may": bomb,
    "it lies about its packing": lambda c: c.sendall(head(5, "Content-Encoding: gzip\r\n") + b"hello"),
    "it is no HTTP": lambda connection: connection.sendall(b"220 mail.example ESMTP\r\n"),
    "its head never ends": lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 50_000),
}


@pytest.mark.parametrize(("method", "kind"), [("GET", Unavailable), ("POST", Unknown)])
@pytest.mark.parametrize("speech", SPEECHES.values(), ids=SPEECHES)
def test_an_answer_that_is_none_ends_in_time_and_leaves_a_write_unknown(
    said: Callable[[Speech], Client], method: str, kind: type[Exception], speech: Speech
) -> None:
    client = said(speech)
    began = time.monotonic()
    with pytest.raises(kind):
        client.request(method, "/things")
    assert time.monotonic() - began < 0.3 + 0.3


def test_an_answer_of_allowed_size_is_read_whole(said: Callable[[Speech], Client]) -> None:
    text = b"[" + b"1," * 40_000 + b"1]"
    assert said(lambda c: c.sendall(head(len(text)) + text)).request("GET", "/").body == text


@responses.activate
@pytest.mark.parametrize("status", [200, 201, 400, 401, 404, 409, 422])
def test_answers_below_500_in_its_own_shape_are_the_vendor_files_matter(client: Client, status: int) -> None:
    responses.post("https://vendor.example/v2/things", status=status, json={})
    assert client.request("POST", "/things").status_code == status


@responses.activate
@pytest.mark.parametrize(
    ("status", "write"),
    [
        *[(status, Unavailable) for status in (301, 302, 307, 308, 400, 401, 403, 404, 405, 413, 451)],
        *[(status, Unknown) for status in (402, 408, 409, 410, 418, 422, 499, 500, 502, 503, 504, 520)],
    ],
)
def test_a_page_of_somebody_between_us_is_no_word_of_the_vendors(client: Client, status: int, write: Any) -> None:
    for method, kind in (("GET", Unavailable), ("POST", write)):
        responses.add(method, "https://vendor.example/v2/things", status=status, body="<h1>Sorry</h1>")
        with pytest.raises(kind):
            client.request(method, "/things")


@responses.activate
@pytest.mark.parametrize(("method", "kind"), [("GET", Unavailable), ("POST", Unknown), ("DELETE", Unknown)])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_5xx_leaves_a_write_unknown_and_a_read_unavailable(
    client: Client, method: str, kind: type[Exception], status: int
) -> None:
    responses.add(method, "https://vendor.example/v2/things", status=status)
    with pytest.raises(kind, match=f"vendor: answered {status}"):
        client.request(method, "/things")


@responses.activate
@pytest.mark.parametrize("error", [requests.ReadTimeout(), requests.ConnectionError("reset")])
def test_a_write_without_an_answer_is_unknown(client: Client, error: Exception) -> None:
    responses.post("https://vendor.example/v2/things", body=error)
    with pytest.raises(Unknown):
        client.request("POST", "/things")


@contextlib.contextmanager
def silent() -> Iterator[int]:
    """A port that accepts connections and never reads."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def talk(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("http://127.0.0.1:{free}", "connection refused"),
        ("http://vendor.invalid", "its name is not found"),
        ("http://" + "x" * 70 + ".example", "its name is not found"),
        ("https://127.0.0.1:{plain}", "no TLS with it"),
        ("https://127.0.0.1:{silent}", "no connection in time"),
    ],
)
def test_a_write_of_which_nothing_was_sent_is_safe_to_repeat(settings: Any, where: str, words: str) -> None:
    settings.VENDOR_TIMEOUT = 0.5
    with silent() as port, socket.create_server(("127.0.0.1", 0)) as plain:
        threading.Thread(target=answer_one, args=(plain, talk), daemon=True).start()
        address = where.format(free=free_port(), plain=plain.getsockname()[1], silent=port)
        with pytest.raises(Unavailable, match=words):
            Client("vendor", address, speaks=is_word, gate=Gate("vendor")).request("POST", "/things")


def test_looking_the_name_up_is_within_the_time(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.VENDOR_CONNECT_TIMEOUT, settings.VENDOR_TIMEOUT = 5, 0.2
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: time.sleep(0.6) or [])
    began = time.monotonic()
    with pytest.raises(Unavailable, match="no connection in time"):
        Client("vendor", "http://vendor.example", speaks=is_word, gate=Gate("vendor")).request("POST", "/things")
    assert time.monotonic() - began < 0.5


@pytest.mark.parametrize(("method", "kind"), [("GET", Unavailable), ("POST", Unknown)])
def test_what_a_caller_has_no_time_for_is_not_the_vendors_fault(
    said: Callable[[Speech], Client], settings: Any, method: str, kind: type[JobError]
) -> None:
    settings.VENDOR_TIMEOUT = 5.0
    client = said(lambda connection: time.sleep(0.5))
    began = time.monotonic()
    with on_the_line(0.1), pytest.raises(kind) as failed:
        client.request(method, "/things")
    assert failed.value.is_hurried and time.monotonic() - began < 0.4


def test_a_vendor_that_had_a_fair_time_is_to_blame(
    said: Callable[[Speech], Client], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "FAIR_TIME", 0.05)
    client = said(lambda connection: time.sleep(0.5))
    with on_the_line(0.1), pytest.raises(Unavailable) as failed:
        client.request("GET", "/things")
    assert not failed.value.is_hurried


def test_nothing_is_asked_when_no_time_is_left(client: Client) -> None:
    with on_the_line(0.0), pytest.raises(Unavailable, match="no time was left") as failed:
        client.request("POST", "/things")
    assert failed.value.is_hurried


@responses.activate
def test_a_429_asks_for_the_pause_that_the_vendor_names(client):
    responses.get("https://vendor.example/v2/things", status=429, headers={"Retry-After": "30"})
    with pytest.raises(RateLimited) as caught:
        client.request("GET", "/things")
    assert 30 <= caught.value.after <= 37.5


@pytest.mark.django_db(transaction=True)
def test_it_refuses_to_call_inside_a_transaction(client):
    with transaction.atomic(), pytest.raises(CallInTransaction):
        client.request("GET", "/things")


@time_machine.travel(datetime(2026, 12, 1, 9, 0, tzinfo=UTC), tick=False)
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 1),
        ({"Retry-After": "12"}, 12),
        ({"Retry-After": "Tue, 01 Dec 2026 09:02:00 GMT"}, 120),
        ({"retry-after-ms": "2500", "Retry-After": "9"}, 2.5),
        ({"X-RateLimit-Reset-Default": "47"}, 47),
        ({"X-RateLimit-Reset-Default": "1796115690"}, 90),
        ({"Retry-After": "soon"}, 1),
        ({"Retry-After": "nan"}, 1),
        ({"retry-after-ms": "inf", "Retry-After": "9"}, 9),
        ({"Retry-After": "99999999"}, 3600),
        ({"Retry-After": "-5"}, 0.1),
    ],
)
def test_the_pause_is_read_from_whatever_the_vendor_sends(headers, seconds):
    assert seconds <= pause(headers) <= seconds * 1.25
