"""A session that nobody uses ends; one that is used does not; and none lasts for ever."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


@pytest.fixture
def client(db: None, settings: LazySettings) -> Client:
    settings.SESSION_IDLE_MINUTES = 60
    User.objects.create_superuser("anna", password="x")
    found = Client()
    found.force_login(User.objects.get())
    return found


def test_after_an_hour_without_a_use_the_person_logs_in_again(client: Client, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(minutes=60))

    answer = client.get("/admin/", follow=True)

    assert answer.redirect_chain == [("/admin/login/?next=/admin/", 302)]
    assert "You were logged out: nobody had used the console for a while" in answer.content.decode()
    assert "You were logged out" not in client.get("/admin/login/").content.decode()


def test_each_use_begins_the_hour_anew(client: Client, clock: time_machine.Traveller) -> None:
    for _ in range(4):
        clock.shift(timedelta(minutes=59))
        assert client.get("/admin/").status_code == 200


def test_a_page_that_renews_itself_is_not_a_use(client: Client, clock: time_machine.Traveller) -> None:
    for _ in range(59):
        clock.shift(timedelta(minutes=1))
        assert client.get("/admin/", headers={"X-Renewal": "live"}).status_code == 200
    clock.shift(timedelta(minutes=1))

    live = {"X-Renewal": "live"}
    assert client.get("/admin/", headers=live, follow=True).redirect_chain == [("/admin/login/?next=/admin/", 302)]
    assert "You were logged out" in client.get("/admin/login/").content.decode()


def test_the_session_is_written_once_a_minute_at_most(client: Client, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(seconds=59))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get("/admin/")

    assert not [query for query in asked if "django_session" in query["sql"] and "SELECT" not in query["sql"]]


def test_no_session_outlives_its_hours(client: Client, clock: time_machine.Traveller, settings: LazySettings) -> None:
    for _ in range(settings.SESSION_COOKIE_AGE // 1800 - 1):
        clock.shift(timedelta(minutes=30))
        assert client.get("/admin/").status_code == 200
    clock.shift(timedelta(minutes=31))

    assert client.get("/admin/").status_code == 302
