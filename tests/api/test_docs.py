"""The description is correct and served without a token; its page loads nothing from other servers."""

import re
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client, RequestFactory
from openapi_core import OpenAPI
from openapi_core.contrib.django import DjangoOpenAPIRequest, DjangoOpenAPIResponse

from askpro.queues.testing import run_jobs
from tests.appointments.calcom_stub import CalcomStub


def test_it_generates_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn")
    assert "/api/v1/appointment-requests/" in capsys.readouterr().out


def test_it_is_served_to_everybody(db: None) -> None:
    schema = Client().get("/api/v1/schema/", headers={"Accept": "application/json"}).json()
    one = "/api/v1/appointment-requests/{request_id}/"
    assert set(schema["paths"]) == {"/api/v1/appointment-requests/", one, f"{one}cancel/", f"{one}reschedule/"}
    assert schema["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def test_its_page_loads_from_here_only(db: None) -> None:
    page = Client().get("/api/v1/docs/")
    assert page.status_code == 200
    loaded = re.findall(r"""(?:src|href)=["']([^"']+)""", page.content.decode())
    assert loaded
    assert all(address.startswith(("/static/", "/api/v1/docs/")) for address in loaded), loaded


@pytest.mark.usefixtures("clock")
def test_answers_are_as_described(post: Any, client: Client, wish: dict[str, Any], calendar: CalcomStub) -> None:
    schema = client.get("/api/v1/schema/", headers={"Accept": "application/json"}).json()
    described = OpenAPI.from_dict(schema)
    first = post(wish)
    run_jobs()
    answers = [first, client.get(first["Location"]), post(wish | {"service": "Massage"})]

    for answer, code in zip(answers, (201, 200, 400), strict=True):
        assert answer.status_code == code
        asked = RequestFactory().generic(answer.wsgi_request.method, answer.wsgi_request.path)
        described.validate_response(DjangoOpenAPIRequest(asked), DjangoOpenAPIResponse(answer))
