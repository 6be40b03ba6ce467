"""Guessing passwords ends before the password is looked at, and keeps nobody out who is at home."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import hashers
from django.contrib.auth.models import User
from django.test import Client

from askpro.console.entrance import throttle
from askpro.console.entrance.models import LoginAttempt

AT_HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"
PASSWORD = "ein-langes-kennwort"


@pytest.fixture
def anna(db: None) -> User:
    return User.objects.create_user("anna", password=PASSWORD, is_staff=True)


def log_in(name: str, password: str, *, address: str = AT_HOME) -> Any:
    return Client(REMOTE_ADDR=address).post("/admin/login/", {"username": name, "password": password})


def network(number: int) -> str:
    return f"10.{number // 250}.{number % 250}.1"


def test_the_sixth_guess_of_a_name_from_one_network_is_not_looked_at(anna: User) -> None:
    for _ in range(throttle.OF_A_PAIR):
        assert log_in("anna", "wrong").status_code == 200

    refused = log_in("anna", PASSWORD)

    assert refused.status_code == 429
    assert "Too many attempts. Wait until 10:15, then try again." in refused.content.decode()
    assert "_auth_user_id" not in refused.client.session
    assert LoginAttempt.objects.count() == throttle.OF_A_PAIR


def test_a_refused_guess_costs_no_hashing(anna: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(throttle.OF_A_PAIR):
        log_in("anna", "wrong")
    hashed = []
    monkeypatch.setattr(hashers.PBKDF2PasswordHasher, "encode", lambda *args: hashed.append(args))
    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", lambda *args: hashed.append(args))

    assert log_in("anna", PASSWORD).status_code == 429
    assert hashed == []


def test_after_a_quarter_of_an_hour_the_next_one_is_looked_at(anna: User, clock: time_machine.Traveller) -> None:
    for _ in range(throttle.OF_A_PAIR):
        log_in("anna", "wrong")
    clock.shift(throttle.SPAN + timedelta(seconds=1))

    assert log_in("anna", PASSWORD).status_code == 302


def test_a_right_password_forgives_the_wrong_ones_before_it(anna: User) -> None:
    for _ in range(3):
        for _ in range(throttle.OF_A_PAIR - 1):
            assert log_in("anna", "wrong").status_code == 200
        assert log_in("anna", PASSWORD).status_code == 302


@pytest.mark.parametrize("spelling", ["ANNA", " anna ", "ａｎｎａ"])
def test_another_spelling_of_the_name_counts_as_the_name(anna: User, spelling: str) -> None:
    for _ in range(throttle.OF_A_PAIR):
        log_in(spelling, "wrong")

    assert log_in("anna", PASSWORD).status_code == 429


def test_one_network_cannot_try_name_after_name(anna: User) -> None:
    for number in range(throttle.OF_A_NETWORK):
        assert log_in(f"name{number}", "wrong", address=f"203.0.113.{number}").status_code == 200

    assert log_in("anna", PASSWORD).status_code == 429
    assert log_in("anna", PASSWORD, address=ELSEWHERE).status_code == 302


def test_guesses_from_many_networks_end_but_do_not_keep_the_person_out(anna: User) -> None:
    assert log_in("anna", PASSWORD, address=AT_HOME).status_code == 302
    for number in range(throttle.OF_A_NAME):
        assert log_in("anna", "wrong", address=network(number)).status_code == 200

    assert log_in("anna", PASSWORD, address=network(200)).status_code == 429
    assert log_in("anna", PASSWORD, address=AT_HOME).status_code == 302


def test_requests_of_which_the_proxy_tells_no_address_share_no_limit_of_a_network(anna: User) -> None:
    for number in range(throttle.OF_A_NETWORK):
        log_in(f"name{number}", "wrong", address="127.0.0.1")

    assert log_in("anna", PASSWORD, address="127.0.0.1").status_code == 302


def test_a_try_is_written_down_before_it_is_judged_so_that_those_at_one_moment_count_each_other(
    anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(User, "check_password", lambda *args: seen.append(LoginAttempt.objects.count()) or False)

    log_in("anna", "wrong")

    assert seen == [1]


def test_what_is_kept_tells_no_name_that_is_none_and_no_address(anna: User) -> None:
    log_in("my-password-in-the-wrong-field", "x")
    log_in("anna", "wrong")
    log_in("anna", PASSWORD)

    kept = list(LoginAttempt.objects.order_by("id").values_list("user__username", "network", "outcome"))
    assert kept == [
        (None, "203.0.113.0/24", "failed"),
        ("anna", "203.0.113.0/24", "failed"),
        ("anna", "203.0.113.0/24", "succeeded"),
    ]
    assert "my-password" not in str(list(LoginAttempt.objects.values()))


@pytest.mark.parametrize("name", ["\x00", "a" * 5000, "\ud800", "' OR 1=1 --", "a\u202eb"])
def test_a_name_that_nobody_can_have_is_answered(db: None, name: str) -> None:
    assert log_in(name.encode(errors="surrogatepass").decode(errors="replace"), "x").status_code in (200, 400)
