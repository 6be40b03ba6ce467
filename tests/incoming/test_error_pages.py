"""Where a page cannot be shown, a person reads what happened, what to do, and a number for support."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from psycopg2 import errors

from askpro import urls
from askpro.correlation import HEADER
from askpro.queues.ids import uuid7

ENDS = {
    "broken": ValueError("Quendolin"),
    "away": OperationalError("connection refused"),
    "forbidden": PermissionDenied("Quendolin"),
    "gone": Http404("Quendolin"),
    "hostile": SuspiciousOperation("Quendolin"),
}
AWAY = errors.ConnectionFailure("server closed the connection")


def ending(request: HttpRequest, how: str) -> HttpResponse:
    if how == "away":
        raise ENDS[how] from AWAY
    raise ENDS[how]


def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse("sent")


urlpatterns = [
    path("admin/ends/<str:how>/", ending),
    path("webhooks/ends/<str:how>/", ending),
    path("api/ends/<str:how>/", ending),
    path("form/", form),
    path("", include(urls)),
]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500

pytestmark = pytest.mark.urls("tests.incoming.test_error_pages")
KINDS = [("hostile", 400), ("forbidden", 403), ("gone", 404), ("broken", 500), ("away", 503)]
HEADLINES = {
    ("hostile", "en"): "This request cannot be read",
    ("hostile", "de"): "Diese Anfrage lässt sich nicht lesen",
    ("forbidden", "en"): "You may not see this page",
    ("forbidden", "de"): "Diese Seite dürfen Sie nicht sehen",
    ("gone", "en"): "There is no such page",
    ("gone", "de"): "Diese Seite gibt es nicht",
    ("broken", "en"): "Something went wrong here",
    ("broken", "de"): "Hier ist etwas schiefgegangen",
    ("away", "en"): "The database does not answer",
    ("away", "de"): "Die Datenbank antwortet nicht",
}


@pytest.fixture
def browser() -> Client:
    """One that gets the page of an error instead of the error."""
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize(("how", "status"), KINDS)
def test_it_is_told_in_the_browsers_language(browser: Client, how: str, status: int, language: str) -> None:
    story = str(uuid7())

    answer = browser.get(f"/admin/ends/{how}/", headers={"Accept-Language": language, HEADER: story})

    page = answer.content.decode()
    assert answer.status_code == status
    assert f"<h1>{HEADLINES[how, language]}</h1>" in page
    assert f'<html lang="{language}">' in page
    assert story in page
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("how", "status"), KINDS)
def test_it_quotes_no_error_and_asks_no_database(browser: Client, how: str, status: int) -> None:
    # Without the mark of pytest-django, each query would be an error.
    assert "Quendolin" not in browser.get(f"/admin/ends/{how}/").content.decode()


def test_it_says_when_to_come_back_to_a_database_that_is_away(browser: Client) -> None:
    assert browser.get("/admin/ends/away/")["Retry-After"] == "5"
    assert not browser.get("/admin/ends/broken/").has_header("Retry-After")


def test_a_form_without_its_token_is_not_taken() -> None:
    answer = Client(enforce_csrf_checks=True).post("/form/", headers={"Accept-Language": "de"})

    assert (answer.status_code, "Dieses Formular ist veraltet" in answer.content.decode()) == (403, True)


@pytest.mark.parametrize(("how", "status"), KINDS)
def test_machines_get_no_page_for_people(browser: Client, how: str, status: int) -> None:
    answer = browser.get(f"/webhooks/ends/{how}/")

    assert answer.status_code in (status, 500)
    assert b"error.css" not in answer.content


@pytest.mark.parametrize(("how", "status"), KINDS)
def test_a_program_reads_it_in_the_apis_shape(browser: Client, how: str, status: int) -> None:
    answer = browser.get(f"/api/ends/{how}/", headers={"Accept-Language": "de"})

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/json")
    assert set(answer.json()) == {"error", "detail"}
    assert answer.json()["detail"] == f"{HEADLINES[how, 'en']}."
    assert answer.has_header("Retry-After") is (how == "away")


def test_the_start_page_is_offered_in_the_console_only(browser: Client, admin_client: Any) -> None:
    assert 'href="/admin/"' in admin_client.get("/admin/none/").content.decode()
    assert 'href="/admin/"' not in browser.get("/none/").content.decode()
