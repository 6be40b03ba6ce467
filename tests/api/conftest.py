"""A salon with a token for it, and a client that sends it. All invented."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from askpro.api.models import ApiToken
from calls.models import Company
from tests.appointments import salon
from tests.appointments.conftest import calendar  # noqa: F401 - a fixture

URL = "/api/v1/appointment-requests/"


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(salon.NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def company(db: None) -> Company:
    at = salon.branch(salon.company())
    offered = salon.service(at.company, synonyms=["Haare schneiden"])
    salon.staff(at).services.add(offered)
    return at.company


def token_of(company: Company, **values: Any) -> tuple[ApiToken, str]:
    token = ApiToken(company=company, name="Buchungsseite", **values)
    secret = token.renew()
    token.save()
    return token, secret


def client_with(secret: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {secret}"}, raise_request_exception=False)


@pytest.fixture
def client(company: Company) -> Client:
    return client_with(token_of(company)[1])


@pytest.fixture
def wish() -> dict[str, Any]:
    return {
        "starts_at": "2026-12-03T14:00:00+01:00",
        "service": "haarschnitt",
        "attendee": {"name": "Ole Linde", "phone": "01555 0100456", "email": "ole.linde@example.org"},
        "sms_consent": True,
    }


@pytest.fixture
def post(client: Client) -> Callable[..., Any]:
    def post(body: Any, key: str | None = None, client: Client = client) -> Any:
        headers = {"Idempotency-Key": key} if key is not None else {}
        return client.post(URL, body, content_type="application/json", headers=headers)

    return post
