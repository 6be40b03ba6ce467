"""Requests are bounded for each link and each network, with Redis and without."""

from datetime import timedelta
from typing import Any

import pytest

from appointments.page import allowance
from appointments.page.allowance import Counters
from tests.appointments.page.visitor import Visitor

AWAY = "redis://127.0.0.1:1/0"
# Lower limits than in production, reached sooner.
OF_A_LINK, ACTS_OF_A_LINK, OF_A_NETWORK = 6, 3, 12


@pytest.fixture(autouse=True)
def lower_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OF_A_LINK", "ACTS_OF_A_LINK", "OF_A_NETWORK"):
        monkeypatch.setattr(allowance, name, globals()[name])


@pytest.fixture(params=["with Redis", "without Redis", "while Redis is away"])
def redis(request: pytest.FixtureRequest, settings: Any) -> Any:
    url = {"with Redis": settings.REDIS_URL, "without Redis": "", "while Redis is away": AWAY}
    settings.REDIS_URL = url[request.param]
    allowance._counters.cache_clear()
    yield
    allowance._counters.cache_clear()


@pytest.mark.usefixtures("redis")
def test_each_name_has_its_own_limit_in_each_minute(clock: Any) -> None:
    counters = Counters()
    assert [counters.allow({"a": 2}) for _ in range(3)] == [True, True, False]
    assert counters.allow({"b": 1}) and not counters.allow({"a": 2, "b": 9})
    clock.shift(timedelta(minutes=1))
    assert counters.allow({"a": 2})


@pytest.mark.usefixtures("redis")
def test_a_link_that_asks_too_often_has_to_wait(visitor: Visitor, clock: Any) -> None:
    answers = [visitor.ask("GET").status_code for _ in range(OF_A_LINK + 1)]
    assert answers == [200] * OF_A_LINK + [429]
    answer = visitor.ask("GET")
    assert answer["Retry-After"] == "60" and answer["Cache-Control"] == "no-store"
    assert "Zu viele Anfragen" in answer.content.decode() and "Too many requests" in answer.content.decode()
    clock.shift(timedelta(minutes=1))
    assert visitor.ask("GET").status_code == 200


def test_fewer_of_them_may_change_something(visitor: Visitor) -> None:
    answers = [visitor.ask("POST", f"{visitor.home}cancel/").status_code for _ in range(ACTS_OF_A_LINK + 1)]
    assert answers == [409] * ACTS_OF_A_LINK + [429]
    assert visitor.ask("GET").status_code == 200


def test_a_network_that_guesses_has_to_wait(settings: Any, visitor: Visitor) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    guesses = [f"/t/a1{number:011}/" for number in range(OF_A_NETWORK)]
    # The proxy's own entry counts, not what the sender has written before it.
    answers = [
        visitor.ask("GET", path, headers={"X-Forwarded-For": f"198.51.100.{number % 250}, 203.0.113.{number % 250}"})
        for number, path in enumerate([*guesses, visitor.home])
    ]
    assert {answer.status_code for answer in answers[:-1]} == {404}
    assert answers[-1].status_code == 429
    assert visitor.ask("GET", headers={"X-Forwarded-For": "198.51.100.7"}).status_code == 200


def test_what_is_counted_here_is_bounded(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = ""
    monkeypatch.setattr(allowance, "MOST_IN_MEMORY", 10)
    counters = Counters()
    for number in range(100):
        assert counters.allow({str(number): 1})
    assert len(counters._own) <= 11


def test_redis_learns_neither_link_nor_network(settings: Any, visitor: Visitor) -> None:
    import redis

    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    visitor.ask("POST", headers={"X-Forwarded-For": "203.0.113.9"})
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        keys = [key.decode() for key in client.scan_iter(f"{settings.REDIS_KEY_PREFIX}:*")]
        assert len(keys) == 3 and all(0 < client.ttl(key) <= 120 for key in keys)
    token = visitor.home.split("/")[2]
    assert not any(token in key or "203.0.113" in key for key in keys)
