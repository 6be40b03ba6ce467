"""Outgoing HTTP fails as a small family, and never inside a transaction."""

import socket
import threading
from datetime import UTC, datetime

import pytest
import requests
import responses
import time_machine
from django.db import transaction

from askpro.http import CallInTransaction, Client, pause
from askpro.queues import RateLimited, Unavailable, Unknown

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return Client("vendor", "https://vendor.example/v2/")


@responses.activate
@pytest.mark.parametrize("status", [200, 201, 400, 401, 404, 409, 422])
def test_answers_below_500_are_the_vendor_files_matter(client, status):
    responses.post("https://vendor.example/v2/things", status=status)
    assert client.request("POST", "/things").status_code == status


@responses.activate
@pytest.mark.parametrize(("method", "kind"), [("GET", Unavailable), ("POST", Unknown), ("DELETE", Unknown)])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_5xx_leaves_a_write_unknown_and_a_read_unavailable(client, method, kind, status):
    responses.add(method, "https://vendor.example/v2/things", status=status)
    with pytest.raises(kind, match=f"vendor: answered {status}"):
        client.request(method, "/things")


@responses.activate
@pytest.mark.parametrize("error", [requests.ReadTimeout(), requests.ConnectionError("reset")])
def test_a_write_without_an_answer_is_unknown(client, error):
    responses.post("https://vendor.example/v2/things", body=error)
    with pytest.raises(Unknown):
        client.request("POST", "/things")


@responses.activate
def test_a_write_that_never_connected_is_safe_to_repeat(client):
    responses.post("https://vendor.example/v2/things", body=requests.ConnectTimeout())
    with pytest.raises(Unavailable):
        client.request("POST", "/things")


def test_a_refused_connection_is_safe_to_repeat():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unavailable, match="refused"):
        Client("vendor", f"http://127.0.0.1:{port}").request("POST", "/things")


def test_a_server_that_accepts_and_never_answers_times_out_as_unknown(settings):
    settings.VENDOR_READ_TIMEOUT = 0.2
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        threading.Thread(target=lambda: server.accept()[0].recv(1), daemon=True).start()
        with pytest.raises(Unknown):
            Client("vendor", f"http://127.0.0.1:{server.getsockname()[1]}").request("POST", "/things")


@responses.activate
def test_a_429_asks_for_the_pause_that_the_vendor_names(client):
    responses.get("https://vendor.example/v2/things", status=429, headers={"Retry-After": "30"})
    with pytest.raises(RateLimited) as caught:
        client.request("GET", "/things")
    assert 30 <= caught.value.after <= 37.5


@responses.activate
def test_a_redirect_is_not_followed(client):
    responses.post("https://vendor.example/v2/things", status=307, headers={"Location": "https://elsewhere.example/"})
    assert client.request("POST", "/things").status_code == 307


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
