import logging
import time
from io import BytesIO
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError, connection
from django.test import Client, RequestFactory

from askpro.metrics import recorder
from askpro.metrics.recorder import Recorder
from askpro.queues.ledger import hints
from askpro.queues.models import Job
from calls.models import Company
from tests.webhooks.signing import (
    compact,
    post,
    post_calcom,
    post_retell,
    post_twilio,
    recorded,
    retell_signature,
)
from webhooks.door.retell import Retell
from webhooks.door.urls import FUNCTION, PUBLIC_ID, TWILIO, urlpatterns
from webhooks.door.views import WebhookView
from webhooks.models import RefusedWebhook, WebhookAddress, WebhookEvent

pytestmark = pytest.mark.django_db

ENDED = recorded("retell", "call_ended")
Reason = RefusedWebhook.Reason


def refusals() -> dict[str, int]:
    return dict(RefusedWebhook.objects.values_list("reason", "count"))


@pytest.mark.parametrize("path", ["retell", "calcom", "twilio", "twilio/status", "twilio/inbound"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_it_answers_405_and_names_post_when_asked_otherwise(path: str, slash: str) -> None:
    for method in ("get", "head", "put", "patch", "delete", "options"):
        answer = getattr(Client(), method)(f"/webhooks/{path}{slash}")
        assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert not RefusedWebhook.objects.exists()


@pytest.mark.parametrize("route", [str(each.pattern) for each in urlpatterns])
def test_incident_12_no_address_takes_what_is_not_signed(route: str) -> None:
    """Whatever addresses there are: none is for testing, and none looks away."""
    account = "AC" + "0" * 32 if "twilio" in route else ""
    ours = WebhookAddress.objects.create(
        company=Company.objects.create(slug="ours"), provider=route[1:7], account=account
    )
    ours.add_secret("secret")
    path = route.removeprefix("^").removesuffix("/?$").replace(TWILIO, "").replace(PUBLIC_ID, ours.public_id)
    path = path.replace(FUNCTION, "functions/book_appointment")
    for content_type in ("application/json", "application/x-www-form-urlencoded"):
        answer = post(f"/webhooks/{path}/", compact(ENDED), content_type)
        assert answer.status_code in (401, 403, 415), path
    assert not WebhookEvent.objects.exists() and RefusedWebhook.objects.exists()


@pytest.mark.parametrize("content_type", ["", "text/plain", "multipart/form-data; boundary=x", "application/jsonx"])
def test_it_answers_415_when_the_type_is_another(content_type: str) -> None:
    answer = post("/webhooks/retell/", compact(ENDED), content_type)
    assert answer.status_code == 415
    assert refusals() == {Reason.BAD_TYPE: 1}


@pytest.mark.parametrize("length", ["", "-1", "1e3", "+5", "٣", "abc"])
def test_it_answers_411_when_there_is_no_length(length: str) -> None:
    answer = Client().post("/webhooks/retell/", b"{}", "application/json", CONTENT_LENGTH=length)
    assert answer.status_code == 411
    assert refusals() == {Reason.NO_LENGTH: 1}


@pytest.mark.parametrize("length", ["101", str(10 * 1024 * 1024), "9" * 5000])
def test_it_answers_413_without_reading_when_the_body_is_too_large(settings: Any, length: str) -> None:
    settings.WEBHOOK_MAX_BYTES = 100
    with mock.patch("django.http.HttpRequest.read", side_effect=AssertionError("was read")):
        answer = Client().post("/webhooks/retell/", b"{}", "application/json", CONTENT_LENGTH=length)
    assert answer.status_code == 413
    assert refusals() == {Reason.TOO_LARGE: 1}


def test_it_takes_a_body_as_large_as_the_cap_when_signed(settings: Any) -> None:
    body = compact({"event": "call_ended", "call": {"call_id": "call_large"}, "filler": "x" * 4_000_000})
    settings.WEBHOOK_MAX_BYTES = len(body)
    assert post_retell(body).status_code == 204
    assert bytes(WebhookEvent.objects.get().body) == body


def test_it_answers_400_when_the_body_ends_early() -> None:
    request = RequestFactory().post("/webhooks/retell/", b"{}", "application/json", CONTENT_LENGTH="10")
    request.META["HTTP_X_RETELL_SIGNATURE"] = "v=1,d=00"
    request._stream = BytesIO(b"{}")
    with mock.patch.object(request, "_read_started", False):
        answer = WebhookView.as_view(vendor=Retell())(request)
    assert answer.status_code == 400
    assert refusals() == {Reason.MALFORMED: 1}


@pytest.mark.parametrize(
    ("signature", "reason"),
    [
        ("", Reason.MISSING_SIGNATURE),
        ("v=1,d=00", Reason.BAD_SIGNATURE),
        (retell_signature(b"{}", "key_test_unknown"), Reason.BAD_SIGNATURE),
        (retell_signature(b"{}", at_ms=time.time_ns() // 1_000_000 - 400_000), Reason.STALE),
        (retell_signature(b"{}", at_ms=time.time_ns() // 1_000_000 + 86_400_000), Reason.FUTURE),
    ],
    ids=["missing", "not hex", "unknown key", "stale", "future"],  # the same in every xdist worker
)
def test_it_answers_401_and_counts_why_when_the_signature_is_not_right(signature: str, reason: Reason) -> None:
    assert post_retell(b"{}", signature).status_code == 401
    assert refusals() == {reason: 1}
    assert not WebhookEvent.objects.exists() and not Job.objects.exists()


def test_it_judges_the_signature_before_it_parses_when_both_are_wrong() -> None:
    assert post_retell(b"\xff{{{", "v=1,d=00").status_code == 401
    assert post_calcom(b"\xff{{{", "no-secret-provided").status_code == 401


def test_it_counts_refusals_by_hour_and_address_prefix() -> None:
    old = ("203.0.113.7", "203.0.113.250", "203.0.114.7", "::ffff:203.0.113.9")
    for address in (*old, "2001:db8:1:2::3", "2001:db8:1:ff::"):
        Client(REMOTE_ADDR=address).post("/webhooks/calcom/", b"{}", "application/json")
    counted = dict(RefusedWebhook.objects.values_list("address_prefix", "count"))
    assert counted == {"203.0.113.0/24": 3, "203.0.114.0/24": 1, "2001:db8:1::/48": 2}
    hours = set(RefusedWebhook.objects.values_list("hour__minute", "hour__second"))
    assert hours == {(0, 0)}


def test_it_believes_the_proxys_word_on_the_address_when_a_proxy_is_declared(settings: Any) -> None:
    forwarded = {"HTTP_X_FORWARDED_FOR": "198.51.100.9, 203.0.113.7", "REMOTE_ADDR": "127.0.0.1"}
    Client(**forwarded).post("/webhooks/calcom/", b"{}", "application/json")
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    Client(**forwarded).post("/webhooks/calcom/", b"{}", "application/json")
    prefixes = set(RefusedWebhook.objects.values_list("address_prefix", flat=True))
    assert prefixes == {"127.0.0.0/24", "203.0.113.0/24"}


@pytest.mark.parametrize("address", ["", "unix:", "nonsense\x00"])
def test_it_still_refuses_when_the_address_is_unknown(address: str) -> None:
    answer = Client(REMOTE_ADDR=address).post("/webhooks/calcom/", b"{}", "application/json")
    assert answer.status_code == 401
    assert RefusedWebhook.objects.get().address_prefix == ""


@pytest.mark.parametrize("accept", ["text/xml", "application/x-unknown", "nonsense", ""])
def test_it_answers_the_same_whatever_is_accepted(accept: str) -> None:
    assert post_retell(ENDED, Accept=accept).status_code == 204


def test_it_answers_503_soon_and_says_when_to_try_again_when_the_database_is_away() -> None:
    with mock.patch.object(connection, "ensure_connection", side_effect=OperationalError("gone")):
        for answer in (
            post_retell(ENDED),
            post_calcom(recorded("calcom", "PING")),
            post_twilio(recorded("twilio", "status_callback.sent")),
        ):
            assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_metrics_count_each_webhook_by_what_became_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    noting = Recorder()
    monkeypatch.setattr(recorder, "_recorder", noting)
    post_retell(ENDED), post_retell(ENDED), post_calcom(b"[]", "")
    post_retell(ENDED, retell_signature(compact(ENDED), at_ms=1))
    with mock.patch.object(connection, "ensure_connection", side_effect=OperationalError("gone")):
        post_retell(ENDED)
    # Each is a request, too.
    told = [(name, result) for _, kind, name, _, result, *_ in noting._notes if kind == recorder.WEBHOOK]
    assert told == [
        ("retell", "stored"),
        ("retell", "stored"),
        ("calcom", Reason.MISSING_SIGNATURE),
        ("retell", Reason.STALE),
        ("retell", "not_stored"),
    ]


def test_it_still_answers_401_when_the_refusal_cannot_be_counted() -> None:
    with mock.patch.object(connection, "ensure_connection", side_effect=OperationalError("gone")):
        assert post_retell(ENDED, "v=1,d=00").status_code == 401


def test_it_stores_event_and_job_when_redis_is_away(settings: Any, django_capture_on_commit_callbacks: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    hints.pusher.cache_clear()
    try:
        started = time.monotonic()
        with django_capture_on_commit_callbacks(execute=True):
            answer = post_retell(ENDED)
        assert time.monotonic() - started < 0.5
    finally:
        hints.pusher.cache_clear()
    assert answer.status_code == 204
    assert Job.objects.get().kwargs["event_id"] == WebhookEvent.objects.get().pk


def test_it_logs_nothing_of_the_body(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        post_retell(ENDED)
        post_retell({**ENDED, "more": 1})
        post_retell(compact(ENDED)[:-1])
        post_retell(ENDED, "v=1,d=00")
    logged = [record for record in caplog.records if not record.name.startswith("django.db")]
    said = " ".join(record.getMessage() for record in logged)
    assert ENDED["call"]["from_number"] not in said
    assert "Öztürk" not in said and ENDED["call"]["call_id"] not in said
