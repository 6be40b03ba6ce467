"""People read the console in their language; programs are always answered in English."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest, StreamingHttpResponse
from django.test import Client, RequestFactory
from django.utils import formats, translation
from django.utils.translation import gettext

from askpro.console import display, language
from askpro.console.formats.de import formats as german
from askpro.console.formats.en import formats as english

GERMAN = {"HTTP_ACCEPT_LANGUAGE": "de-AT,de;q=0.9,en;q=0.5"}
PASSWORD = "a-long-password"


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_superuser("gülşah", password=PASSWORD)


def logged_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def language_of(client: Client, **headers: Any) -> str:
    answer = client.get("/admin/password_change/", **headers)
    page = answer.content.decode()
    [spoken] = [code for code, word in (("de", "Abmelden"), ("en", "Log out")) if word in page]
    assert f'<html lang="{spoken}"' in page
    assert answer["Content-Language"] == spoken
    assert "Accept-Language" in answer["Vary"]
    return spoken


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [("de", "de"), ("de-CH, fr;q=0.9", "de"), ("en-GB", "en"), ("tr, pl;q=0.5", "en"), ("", "en"), ("\x00*;q=x", "en")],
)
def test_the_browser_says_the_language_of_who_has_not_chosen(person: User, asked: str, spoken: str) -> None:
    assert language_of(logged_in(person), HTTP_ACCEPT_LANGUAGE=asked) == spoken


def test_the_log_in_page_speaks_the_browsers_language_too(client: Client, db: None) -> None:
    assert "Anmelden" in client.get("/admin/login/", **GERMAN).content.decode()


def test_a_choice_counts_more_than_the_browser_and_holds_for_later_log_ins(person: User) -> None:
    first = logged_in(person)

    answer = first.post("/admin/language/", {"language": "en", "next": "/admin/password_change/"}, **GERMAN)

    assert (answer.status_code, answer["Location"]) == (302, "/admin/password_change/")
    assert language_of(first, **GERMAN) == language_of(logged_in(person), **GERMAN) == "en"
    first.post("/admin/language/", {"language": "de"})
    assert language_of(first) == language_of(logged_in(person)) == "de"
    assert language_of(logged_in(User.objects.create_superuser("anybody"))) == "en"


@pytest.mark.parametrize("foreign", ["https://example.org/", "//example.org", "javascript:alert(1)", ""])
def test_the_switch_leads_nowhere_else(person: User, foreign: str) -> None:
    answer = logged_in(person).post("/admin/language/", {"language": "de", "next": foreign})

    assert answer["Location"] == "/admin/"


def test_the_switch_takes_a_log_in_a_post_and_a_language(person: User, client: Client) -> None:
    assert client.post("/admin/language/", {"language": "de"}).status_code == 302
    assert logged_in(person).get("/admin/language/?language=de").status_code == 405
    assert logged_in(person).post("/admin/language/", {"language": "tlh"}).status_code == 400
    assert language_of(logged_in(person)) == "en"


def test_every_page_offers_both_languages(person: User) -> None:
    page = logged_in(person).get("/admin/password_change/?a=b").content.decode()

    for code, name in (("de", "Deutsch"), ("en", "English")):
        assert f'value="{code}" lang="{code}"' in page
        assert name in page
    assert '<input name="next" type="hidden" value="/admin/password_change/?a=b">' in page


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("post", "/api/v1/booking-requests/"),
        ("get", "/api/v1/nowhere/"),
        ("post", "/webhooks/retell/"),
        ("get", "/webhooks/calcom/"),
        ("get", "/health/ready"),
    ],
)
@pytest.mark.django_db
def test_programs_are_answered_in_english(method: str, address: str) -> None:
    client = Client()
    with translation.override("en"):
        asked, plain = getattr(client, method)(address, **GERMAN), getattr(client, method)(address)

    assert asked.status_code == plain.status_code
    assert "Content-Language" not in asked.headers
    if asked["Content-Type"] != "application/json" or address != "/health/ready":
        assert asked.content == plain.content


def test_a_request_leaves_no_language_behind(person: User) -> None:
    before = translation.get_language()

    assert language_of(logged_in(person), **GERMAN) == "de"

    assert translation.get_language() == before


def test_what_is_streamed_is_written_in_the_readers_language(person: User) -> None:
    def lines() -> Iterator[str]:
        yield gettext("Log out")
        yield gettext("Yes")

    request: HttpRequest = RequestFactory().get("/admin/", **GERMAN)
    request.session = {}  # type: ignore[assignment]
    answer = language.ReadersLanguage(lambda request: StreamingHttpResponse(lines()))(request)

    assert isinstance(answer, StreamingHttpResponse)
    assert answer.getvalue() == b"AbmeldenJa"
    assert translation.get_language() == "en"


@pytest.mark.parametrize(
    ("spoken", "read"),
    [
        ("en", ["30 Nov 2026, 14:05", "Mon 30 Nov 2026", "1,312", "12.4 s", "3 d 1 h", "0.08 EUR"]),
        ("de", ["30.11.2026, 14:05", "Mo, 30.11.2026", "1.312", "12,4 s", "3 Tg. 1 h", "0,08 EUR"]),
    ],
)
def test_days_times_numbers_and_prices_are_the_readers(spoken: str, read: list[str]) -> None:
    with translation.override(spoken):
        told = [
            display.minute(datetime(2026, 11, 30, 13, 5, tzinfo=UTC)),
            display.day(date(2026, 11, 30)),
            display.number(1312),
            display.duration(timedelta(seconds=12.44)),
            display.duration(timedelta(days=3, hours=1)),
            display.price(Decimal("0.079"), "EUR"),
        ]

    for expected, shown in zip(read, told, strict=True):
        assert expected in str(shown)


def test_both_languages_have_the_same_formats_of_their_own() -> None:
    own = {name for name in vars(english) if name.endswith("_FORMAT") and not hasattr(formats.settings, name)}

    assert own == {name for name in vars(german) if name.endswith("_FORMAT") and not hasattr(formats.settings, name)}
    with translation.override("de"):
        assert all(formats.get_format(name) == getattr(german, name) for name in own)


@pytest.mark.parametrize("written", ["30.11.2026", "30.11.26", "2026-11-30"])
def test_a_german_form_reads_a_day_as_germans_write_it(written: str) -> None:
    from django import forms

    with translation.override("de"):
        assert forms.DateField().clean(written) == date(2026, 11, 30)


def test_the_first_request_of_a_process_may_be_to_addresses_without_a_console(settings: Any) -> None:
    language._console.cache_clear()
    settings.ROOT_URLCONF = "askpro.api.urls"
    assert Client().get("/nowhere/").status_code == 404
