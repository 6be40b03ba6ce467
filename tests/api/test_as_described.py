"""schemathesis on the description that is served: whatever fits it or does not, with tokens of every kind, is answered
as it is described, and no answer is an error of the server."""

import os
from datetime import date
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from askpro.api.models import Submission
from askpro.queues.models import Job
from calls.models import BookingRequest, Company
from tests.api.conftest import URL, client_with, token_of

pytestmark = pytest.mark.usefixtures("clock")
LONG = os.environ.get("ASKPRO_TEST_LONG") == "1"
MANY = 150 if LONG else 25
OPERATIONS = {
    "create_appointment_request": "may_request",
    "read_appointment_request": "may_read",
    "cancel_appointment": "may_change",
    "reschedule_appointment": "may_change",
}
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
Tokens = dict[str, str | None]


@pytest.fixture
def described(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    # A request ends by closing the connection, which would end the test's transaction.
    monkeypatch.setattr(connection, "close_if_unusable_or_obsolete", lambda: None)
    settings.API_REQUESTS_PER_MINUTE = 1_000_000
    headers = {"Accept": "application/json"}
    # Headers with tokens are the test's own.
    config = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}})
    return schemathesis.openapi.from_wsgi("/api/v1/schema/", get_wsgi_application(), config=config, headers=headers)


@pytest.fixture
def tokens(company: Company) -> Tokens:
    """By kind, the header that a caller sends; None: no header."""
    none = dict.fromkeys(("may_read", "may_request", "may_change"), False)
    other = Company.objects.create(name="Zu", slug="zu", is_active=False)
    made = {right: token_of(company, **none | {right: True})[1] for right in none}
    made |= {
        "all": token_of(company)[1],
        "off": token_of(company, is_active=False)[1],
        "expired": token_of(company, expires_on=date(2020, 1, 1))[1],
        "company off": token_of(other)[1],
        "unknown": "askpro_" + "x" * 43,
    }
    return {name: f"Bearer {secret}" for name, secret in made.items()} | {"none": None, "odd": "Bearer \xff"}


@pytest.fixture
def asked_for(tokens: Tokens, wish: dict[str, Any]) -> list[int]:
    """Requests that are there, so that some addresses lead to one."""
    client = client_with(str(tokens["all"]).removeprefix("Bearer "))
    return [client.post(URL, wish, content_type="application/json").json()["id"] for _ in range(2)]


@pytest.mark.parametrize("operation_id", OPERATIONS)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_request_is_answered_as_described(
    described: Any, tokens: Tokens, asked_for: list[int], operation_id: str, mode: GenerationMode
) -> None:
    operation = described.find_operation_by_id(operation_id)
    answered: set[int] = set()

    @how(max_examples=MANY, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(
        case=operation.as_strategy(generation_mode=mode),
        kind=st.sampled_from(["all", "all", "all", *tokens]),
        known=st.sampled_from([None, *asked_for]),
    )
    def ask(case: Any, kind: str, known: int | None) -> None:
        if known is not None and "request_id" in case.path_parameters:
            case.path_parameters["request_id"] = known
        before = Submission.objects.count()
        case.headers.pop("Authorization", None)
        if header := tokens[kind]:
            case.headers["Authorization"] = header
        answer = case.call()
        answered.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)
        if kind not in ("all", OPERATIONS[operation_id]):
            # 404: the address itself is none.
            assert answer.status_code in (403 if kind in OPERATIONS.values() else 401, 404), (kind, answer.content)
        assert Submission.objects.count() - before == (answer.status_code == 201)

    ask()

    assert len(answered) > 1, answered
    works = Job.objects.filter(actor_name="create_appointment_from_request").count()
    assert works == BookingRequest.objects.count()
