"""The process itself: kept-alive connections, quick answers, its page, and its end."""

import os
import socket
import subprocess
import sys
import time

import pytest
import requests

from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.testing import ROOT, running_sandbox
from tests.dev.sandbox.listener import Listener
from tests.dev.sandbox.vendors import Calcom, Twilio, call


def test_it_answers_many_requests_on_one_connection(sandbox: SandboxClient) -> None:
    host, port = sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        for _ in range(3):
            connection.sendall(b"GET /sandbox/ready HTTP/1.1\r\nHost: sandbox\r\n\r\n")
            answer = connection.recv(4096)
            assert answer.startswith(b"HTTP/1.1 200 OK") and answer.endswith(b'{"ready":true}')


def test_it_answers_without_waiting_for_a_delayed_acknowledgement(calcom: Calcom) -> None:
    took = []
    for _ in range(30):
        began = time.perf_counter()
        calcom.listed(attendeeEmail="juergen.weiss@example.org")
        took.append(time.perf_counter() - began)
    # Nagle's algorithm would cost each answer 40 ms. The fastest one is judged: others may be the machine's fault.
    assert min(took) < 0.005


def test_its_page_shows_everything_and_escapes_it(
    sandbox: SandboxClient, calcom: Calcom, twilio: Twilio, listener: Listener
) -> None:
    attendee = {"name": "<script>alert(1)</script>", "email": "x@example.org", "timeZone": "Europe/Berlin"}
    calcom.booked(attendee=attendee)
    twilio.send(Body="Bis Donnerstag & gute Reise")
    sandbox.deliver_call(call())
    sandbox.fault("calcom.slots", status=503)

    page = requests.get(f"{sandbox.url}/sandbox/", timeout=10)

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    for shown in ("Färben", "&lt;script&gt;", "Bis Donnerstag &amp; gute Reise", "call_ended", "calcom.slots"):
        assert shown in page.text
    assert "<script>" not in page.text


@pytest.mark.parametrize("path", ["/", "/sandbox", "/sandbox/"])
def test_its_page_is_where_people_look(sandbox: SandboxClient, path: str) -> None:
    assert "AskPro sandbox" in requests.get(sandbox.url + path, timeout=10).text


@pytest.mark.parametrize(
    ("path", "status"), [("/nobody", 404), ("/sandbox/nothing", 404), ("/calcom/v2/nothing", 404), ("/twilio/x", 404)]
)
def test_it_says_404_to_what_it_has_not(sandbox: SandboxClient, path: str, status: int) -> None:
    assert requests.get(sandbox.url + path, timeout=10).status_code == status


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"call": 1}', b"\x00", b'{"call": {"call_id": 5}}'])
def test_its_control_api_survives_nonsense(sandbox: SandboxClient, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    for path in ("faults", "switches", "retell/calls", "calcom/fill", "twilio/inbound"):
        answer = requests.post(f"{sandbox.url}/sandbox/{path}", data=body, headers=headers, timeout=10)
        assert answer.status_code == 400, (path, answer.text)


def test_it_ends_with_the_test_that_started_it() -> None:
    with running_sandbox() as client:
        assert client.ready()
    assert not SandboxClient(client.url).ready()


def test_it_does_not_start_in_production() -> None:
    environment = os.environ | {"ASKPRO_ENV": "production", "SECRET_KEY": "x" * 60, "PYTHONPATH": str(ROOT)}
    environment["DJANGO_SETTINGS_MODULE"] = "askpro.settings"
    command = [sys.executable, "manage.py", "sandbox_run", "--http-port", "0", "--smtp-port", "0"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "local or testing" in done.stderr
