"""One line for each request: its page by its route, and whose it was; nothing that anybody sent."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client
from django.urls import path

from askpro.correlation import HEADER
from askpro.dev.up import procfile
from askpro.incoming.request_log import about_company
from askpro.logging import JsonFormatter
from askpro.queues.ids import uuid7
from tests.webhooks.signing import RETELL_KEY, post_retell, recorded

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.incoming.test_request_log")]

WORDS = ("Quendolin", "4915550100777", "geheim")


def page(request: HttpRequest, token: str = "") -> HttpResponse:
    about_company(17)
    if token == "gone":
        raise Http404
    if token == "broken":
        raise ValueError("Quendolin")
    return StreamingHttpResponse([b"a"]) if token == "slow" else HttpResponse("four")


urlpatterns = [path("t/<str:token>/", page, name="page"), path("health/live", page)]


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.written: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.written.append(json.loads(JsonFormatter().format(record)))


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    handler, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.written
    root.removeHandler(handler)
    root.setLevel(level)


def test_it_names_the_page_its_answer_and_whose_it_was(lines: list[dict[str, Any]]) -> None:
    story = str(uuid7())
    Client().post("/t/geheim/?q=Quendolin", {"number": "+4915550100777"}, headers={HEADER: story})
    (line,) = lines
    assert line.pop("milliseconds") >= 0 and line.pop("time")
    assert line.pop("message").startswith("POST /t/<str:token>/ 200 in ")
    assert line == {
        "level": "INFO",
        "logger": "askpro.incoming.request_log",
        "correlation": story,
        "method": "POST",
        "route": "/t/<str:token>/",
        "status": 200,
        "bytes": 4,
        "company": 17,
    }


@pytest.mark.parametrize(("token", "status"), [("gone", 404), ("broken", 500), ("slow", 200)])
def test_nothing_of_what_was_sent_is_in_any_line(lines: list[dict[str, Any]], token: str, status: int) -> None:
    asked = Client(raise_request_exception=False)
    asked.get(f"/t/{token}/?q=Quendolin", headers={"User-Agent": "geheim", "Referer": "http://geheim.example"})
    asked.get("/Quendolin/4915550100777")
    asked.generic("GEHEIM", "/t/x/")
    said = [line for line in lines if line["logger"] == "askpro.incoming.request_log"]
    assert [(line["method"], line["route"], line["status"]) for line in said] == [
        ("GET", "/t/<str:token>/", status),
        ("GET", "-", 404),
        ("other", "/t/<str:token>/", 200),
    ]
    assert not any(word.lower() in json.dumps(lines, ensure_ascii=False).lower() for word in WORDS)


def test_a_missing_page_and_a_strangers_host_are_no_warning(lines: list[dict[str, Any]]) -> None:
    Client().get("/nothing/")
    Client().get("/t/x/", headers={"Host": "evil.example"})
    assert {line["level"] for line in lines} == {"INFO"}


def test_probes_are_told_at_debug_and_counted_by_nobody(
    lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[Any] = []
    monkeypatch.setattr("askpro.incoming.request_log.note_request", lambda *facts: noted.append(facts[:2]))
    Client().get("/health/live")
    Client().get("/t/x/")
    assert [line["level"] for line in lines] == ["DEBUG", "INFO"]
    assert noted == [("page", "2xx")]


@pytest.mark.urls("askpro.urls")
def test_a_webhook_is_one_line_as_well(lines: list[dict[str, Any]], settings: Any) -> None:
    settings.RETELL_API_KEYS = [RETELL_KEY]
    post_retell(recorded("retell", "call_ended"))
    (line,) = [line for line in lines if line["logger"] == "askpro.incoming.request_log"]
    assert (line["route"], line["status"]) == ("/webhooks/retell/?$", 204)


def test_web_servers_write_no_access_log_of_their_own() -> None:
    unit = (Path(__file__).parents[2] / "deploy/systemd/askpro-web.service").read_text("utf-8")
    assert "gunicorn" in unit and "access-log" not in unit
    assert not any("access-log" in word for word in procfile._gunicorn(8000))
