"""The proxy as deploy/ has it, with a real nginx: TLS, whole requests only, callers' own addresses, bounded bodies."""

import http.client
import select
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.conf import LazySettings
from django.core.wsgi import get_wsgi_application

from askpro.console.entrance.models import LoginAttempt
from askpro.dev.front import nginx
from askpro.dev.front.nginx import NAME, Front
from tests.webhooks.signing import RETELL_KEY, compact, recorded, retell_signature
from webhooks.door.vendors import VENDORS
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.skipif(not nginx.FOUND, reason="no nginx here: apt-get install -y nginx-light")
SLOW_CLIENTS = 200
# More than what one address may ask at once of what is limited.
MANY = 30
LOGIN = "/admin/login/"


@pytest.fixture
def front(live_server: Any, settings: LazySettings, tmp_path: Path) -> Iterator[Front]:
    settings.ALLOWED_HOSTS = [NAME]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.RETELL_API_KEYS = [RETELL_KEY]
    with nginx.running(f"{live_server.thread.host}:{live_server.thread.port}", tmp_path) as front:
        yield front


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def one_thread(settings: LazySettings, tmp_path: Path) -> Iterator[Front]:
    """The site with a single thread: whoever holds it holds up everybody."""
    settings.ALLOWED_HOSTS = [NAME]
    settings.RETELL_API_KEYS = [RETELL_KEY]
    with make_server("127.0.0.1", 0, get_wsgi_application(), WSGIServer, Quiet) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        with nginx.running(f"127.0.0.1:{server.server_port}", tmp_path) as front:
            yield front
        server.shutdown()
        serving.join()


@pytest.mark.django_db(transaction=True)
def test_a_signed_webhook_goes_through_and_is_stored(front: Front) -> None:
    body = compact(recorded("retell", "call_ended"))
    signed = {"X_Retell_Signature": retell_signature(body), "Content_Type": "application/json"}

    assert front.ask("POST", "/webhooks/retell/", body, **signed).status in (200, 204)
    assert WebhookEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_a_client_claims_to_be_does_not_count(front: Front) -> None:
    page = front.ask("GET", "/admin/login/")
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    token = page.text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]  # type: ignore[attr-defined]
    form = f"csrfmiddlewaretoken={token}&username=anna&password=x".encode()
    front.ask(
        *("POST", "/admin/login/", form),
        Cookie=cookie,
        Referer=f"https://{NAME}/admin/login/",
        Content_Type="application/x-www-form-urlencoded",
        X_Forwarded_For="203.0.113.9",
    )

    assert LoginAttempt.objects.get().network == "127.0.0.0/24"


def test_slow_clients_hold_up_nobody(one_thread: Front) -> None:
    # With a signature, which is looked at when the body has been read.
    begun = (
        f"POST /webhooks/retell/ HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 1000\r\nContent-Type: application/json\r\n"
        f"X-Retell-Signature: {retell_signature(b'{}')}\r\n\r\n{{"
    ).encode()
    waits = []
    with ExitStack() as stack:
        slow = [stack.enter_context(closing(one_thread.connect())) for _ in range(SLOW_CLIENTS)]
        for client in slow:
            client.sendall(begun)
        for _ in range(3):
            for client in slow:
                client.sendall(b" ")
            began = time.monotonic()
            assert one_thread.ask("GET", "/health/live").status == 200
            waits.append(time.monotonic() - began)

    # What is held up waits for a slow client's time-out, ten seconds.
    assert max(waits) < 5


def test_who_asks_without_tls_is_sent_there(one_thread: Front) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", one_thread.http, timeout=10)) as plain:
        plain.request("GET", "/admin/", headers={"Host": NAME})
        answer = plain.getresponse()

    assert (answer.status, answer.headers["Location"]) == (308, f"https://{NAME}/admin/")


def test_certbot_can_show_that_it_has_the_name(one_thread: Front) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", one_thread.http, timeout=10)) as plain:
        plain.request("GET", "/.well-known/acme-challenge/unknown", headers={"Host": NAME})
        assert plain.getresponse().status == 404


def test_no_address_is_written_down(one_thread: Front, tmp_path: Path) -> None:
    assert one_thread.ask("GET", "/t/a-customers-link").status == 404
    assert (tmp_path / "access.log").read_text() == ""


def test_who_asks_for_another_name_gets_no_answer(one_thread: Front) -> None:
    with pytest.raises(ssl.SSLError):
        one_thread.connect("elsewhere.example")


@pytest.mark.parametrize(("size", "refused_by_nginx"), [(5_900_000, False), (6_400_000, True)])
def test_a_body_is_bounded(one_thread: Front, size: int, refused_by_nginx: bool) -> None:
    answer = one_thread.ask("POST", "/webhooks/none/", b" " * size)

    assert (answer.status == 413 and "nginx" in answer.text) is refused_by_nginx  # type: ignore[attr-defined]


def test_a_flood_without_a_signature_ends_at_the_proxy_and_holds_no_vendor_back(one_thread: Front) -> None:
    def post(**headers: str) -> int:
        return one_thread.ask("POST", "/webhooks/none/", b"{}", **headers).status

    unsigned = Counter(post() for _ in range(MANY))
    headers = [vendor.signature.replace("-", "_") for vendor in VENDORS.values()]
    signed = [post(**{header: "anything"}) for header in headers * 4]

    assert unsigned[404] >= 20
    assert unsigned[429] >= 3
    assert set(signed) == {404}


def test_a_flood_of_log_ins_ends_at_the_proxy_and_leaves_the_console_open(one_thread: Front) -> None:
    asked = f"POST {LOGIN} HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(one_thread.connect())) for _ in range(2 * MANY)]
        for client in clients:
            client.sendall(asked)
        # Those that are let in one a second have not been answered yet.
        time.sleep(1)
        ready, _, _ = select.select(clients, [], [], 0)
        answers = Counter(int(client.recv(100).split(b" ", 2)[1]) for client in ready)

        assert 2 * MANY - 45 <= answers[429] <= 2 * MANY - 40, answers
        assert one_thread.ask("GET", "/static/nothing.css").status == 404
