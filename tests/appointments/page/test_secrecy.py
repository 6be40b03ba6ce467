"""A link is a secret: neither our log nor an error report contains it."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from appointments.page.view import Page
from askpro.logging import JsonFormatter, LineFormatter
from askpro.sentry import scrub
from tests.appointments.page.visitor import Visitor


@pytest.fixture
def lines(settings: Any) -> Iterator[list[str]]:
    """What both formatters write of everything that is logged."""
    written: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.extend(formatter.format(record) for formatter in (JsonFormatter(), LineFormatter()))

    handler, root = Keep(), logging.getLogger()
    django = logging.getLogger("django.request")
    for logger in (root, django):
        logger.addHandler(handler)
    yield written
    for logger in (root, django):
        logger.removeHandler(handler)


def test_the_log_has_no_link(visitor: Visitor, lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    token = visitor.home.split("/")[2]

    def away(*_: Any) -> Any:
        raise OperationalError(f"no connection for {token}")

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError(f"broken: {token}")

    visitor.ask("GET", f"{visitor.home}elsewhere/")
    visitor.ask("DELETE")
    visitor.ask("POST", f"{visitor.home}cancel/")
    with connection.execute_wrapper(away):
        visitor.ask("GET")
    monkeypatch.setattr(Page, "page", broken)
    assert Client(raise_request_exception=False).get(visitor.home).status_code == 500
    assert len(lines) >= 8 and any("RuntimeError" in line for line in lines)
    assert not [line for line in lines if token in line]


def test_an_error_report_has_no_link(visitor: Visitor) -> None:
    """As Sentry's SDK describes a request that failed."""
    address = f"https://askpro.example{visitor.home}"
    event = {
        "transaction": visitor.home,
        "transaction_info": {"source": "url"},
        "request": {"method": "GET", "url": address, "headers": {"Referer": address}},
        "logentry": {"message": "Not Found: %s", "params": [visitor.home]},
        "logger": "django.request",
    }
    assert visitor.home.split("/")[2] not in repr(scrub(event, {}))
