"""What the long run says of what grew, and of answers that must not be; and the whole run, as small as possible."""

import json
from collections.abc import Callable

import pytest

from askpro.dev.bench.soak.growth import Look, grown
from askpro.dev.bench.soak.run import unexpected
from askpro.dev.front import nginx
from tests.dev.bench.test_bench import Environment, bench

FINE = {"statuses": {"204": 9}, "pages": {"200": 3}, "strangers": {"401": 1, "429": 1}, "sms": {"sent": 2}}


def looks(of: Callable[[int], Look]) -> list[Look]:
    return [of(number) for number in range(30)]


def look(web: float = 200.0, connections: int = 40, dead_rows: int = 9_000) -> Look:
    return Look({"web": web, "queues": 400.0}, connections, dead_rows, 10**8)


def test_what_fills_up_and_what_swings_does_not_grow() -> None:
    assert grown(looks(lambda n: look(web=min(200.0, 20.0 * n), dead_rows=4_000 * (n % 4)))) == []


@pytest.mark.parametrize(
    ("of", "told"),
    [
        (lambda n: look(web=200.0 + 10 * n), "memory of web, MB: 345 → 445"),
        (lambda n: look(connections=40 + 2 * n), "sessions: 69 → 89"),
        (lambda n: look(dead_rows=5_000 * n), "dead rows: 72,500 → 122,500"),
    ],
)
def test_what_grows_to_the_end_is_told(of: Callable[[int], Look], told: str) -> None:
    assert grown(looks(of)) == [told]


def test_a_run_of_two_looks_tells_nothing() -> None:
    assert grown([look(), look()]) == ["it was too short to see what grows"]


@pytest.mark.parametrize(
    ("part", "status"), [("statuses", "500"), ("pages", "302"), ("strangers", "204"), ("sms", "x")]
)
def test_an_answer_that_must_not_be_is_told(part: str, status: str) -> None:
    assert unexpected(FINE) == []
    assert unexpected({**FINE, part: {status: 2}}) == [f"{part}: 2 × {status}"]


@pytest.mark.long
@pytest.mark.django_db
@pytest.mark.skipif(not nginx.FOUND, reason="no nginx here: apt-get install -y nginx-light")
def test_a_short_run_loses_nothing(child_environment: Environment) -> None:
    ran = bench(child_environment(), "--soak", "--minutes", "0.4", "--json")

    assert ran.returncode == 0, ran.stderr + ran.stdout[-3000:]
    told = json.loads(ran.stdout)
    assert told["calls"] > 0
    assert set(told["intake"]) == set(told["sms"]) == {"p50", "p99"}
