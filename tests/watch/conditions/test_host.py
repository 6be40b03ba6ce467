"""Full disks, the certificate of the public address, clocks that disagree."""

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import time_machine
from django.test import override_settings

from askpro.queues.fleet.host import hostname
from askpro.watch.conditions import host
from tests.watch.conditions.finding import found


class TestDisks:
    @override_settings(WATCH_DISKS=["/", "/", "/there/is/no/such/folder"])
    def test_each_disk_is_told_once_with_the_path_that_is_on_it(self, settings) -> None:
        settings.WATCH_THRESHOLDS = {"disk_full.percent": 0}
        (finding,) = found("disk_full").values()
        assert (finding.about, finding.facts["path"]) == (f"{hostname()}: /", "/")
        assert 0 < finding.value <= 100
        settings.WATCH_THRESHOLDS = {"disk_full.percent": 100, "disk_full.files_percent": 100}
        assert not found("disk_full")

    @pytest.mark.parametrize(("numbers", "used"), [((100, 20, 10), 88.9), ((100, 0, 0), 100), ((0, 0, 0), 0)])
    def test_what_is_kept_for_root_is_not_available(self, numbers: tuple[int, int, int], used: float) -> None:
        assert round(host._used(*numbers), 1) == used


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], int]]:
    """Starts a TLS server with a certificate for localhost that is valid for so many days; gives its port."""
    folder, sockets = tmp_path_factory.mktemp("tls"), []

    def start(days: int) -> int:
        paths = [str(folder / f"{days}.{kind}") for kind in ("key", "pem")]
        make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost"
        names = ["-addext", "subjectAltName=DNS:localhost", "-days", str(days), "-keyout", paths[0], "-out", paths[1]]
        subprocess.run([*make.split(), *names], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(paths[1], paths[0])
        listening = socket.create_server(("127.0.0.1", 0))
        sockets.append(listening)
        threading.Thread(target=_answer, args=(listening, context), daemon=True).start()
        return int(listening.getsockname()[1])

    yield start
    for listening in sockets:
        listening.close()


def _answer(listening: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            with closing(listening.accept()[0]) as plain, context.wrap_socket(plain, server_side=True):
                pass
        except ssl.SSLError:
            continue
        except OSError:
            return


class TestCertificates:
    @pytest.mark.parametrize(("days", "is_found"), [(9, True), (40, False)])
    def test_one_is_found_two_weeks_before_its_end(
        self, serve: Callable[[int], int], monkeypatch, days: int, is_found: bool
    ) -> None:
        port = serve(days)
        trusted = ssl.get_server_certificate(("localhost", port))
        monkeypatch.setattr(ssl, "create_default_context", lambda: _trusting(trusted))
        with override_settings(PUBLIC_URL=f"https://localhost:{port}"):
            findings = found("certificate_expiring", datetime.now(UTC))
        assert [round(each.value) for each in findings.values()] == ([days] if is_found else [])

    def test_one_that_nobody_trusts_is_found(self, serve: Callable[[int], int]) -> None:
        with override_settings(PUBLIC_URL=f"https://localhost:{serve(90)}"):
            (finding,) = found("certificate_expiring").values()
        assert (finding.about, finding.value) == ("localhost", 0)
        assert "self-signed" in str(finding.facts["words"])

    @pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "https://localhost:1"])
    def test_where_nobody_answers_with_one_nothing_is_said_of_it(self, url: str) -> None:
        with override_settings(PUBLIC_URL=url):
            assert not found("certificate_expiring")


def _trusting(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=certificate)
    return context


class TestClocks:
    @pytest.mark.django_db
    @pytest.mark.parametrize(("off", "is_found"), [(0.0, False), (-9.0, True), (9.0, True)])
    def test_this_hosts_is_held_against_postgresqls(self, off: float, is_found: bool) -> None:
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=off)):
            findings = found("clock_off")
        assert [round(each.value) for each in findings.values()] == ([9] if is_found else [])

    @pytest.mark.parametrize(("off", "is_found"), [(0.0, False), (400.0, True), (-400.0, True)])
    def test_this_hosts_is_held_against_a_vendors(self, vendor: "Vendor", off: float, is_found: bool) -> None:
        vendor.off = off
        with override_settings(RETELL_BASE_URL=f"http://127.0.0.1:{vendor.server_port}"):
            findings = found("clock_off_outside")
        assert [round(each.value, -1) for each in findings.values()] == ([400] if is_found else [])

    def test_without_an_answer_nothing_is_said_of_it(self) -> None:
        with override_settings(RETELL_BASE_URL="http://127.0.0.1:1"):
            assert not found("clock_off_outside")


class Vendor(HTTPServer):
    """Answers everything with 404, and with a date that is `off` by so many seconds."""

    off = 0.0


class _Handler(BaseHTTPRequestHandler):
    server: Vendor

    def do_HEAD(self) -> None:
        self.send_response(404)
        self.end_headers()

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(time.time() + self.server.off)

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    server = Vendor(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
