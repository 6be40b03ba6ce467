"""The functions of a voice agent: simulated callers talk, ten at once, while the whole product runs.

Without a pause between two questions, for how many can be answered; and at the pace of people, for how long each takes.
"""

import itertools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import requests
from django.conf import settings

from askpro.dev.bench.figures import Figure, Target, percentile
from askpro.dev.bench.measures.ingest import seed
from askpro.dev.bench.report import Report
from askpro.dev.bench.session import Session
from askpro.dev.bench.sides.meter import Meter
from askpro.dev.bench.sides.product import Product
from askpro.dev.sandbox.client import Json, SandboxClient
from askpro.dev.sandbox.talks.judge import differences
from askpro.dev.sandbox.world import SALON
from askpro.dev.up.failure import Failure

Result = TypeVar("Result")

CALLS = (60, 20)
AT_ONCE: Final = 10
# Seconds that a caller and the agent speak between two questions, which is little for people.
PACE: Final = 2.0
# Milliseconds that Cal.com takes for each request.
CALCOM: Final = 100
ALWAYS: Final = 10**9
PEER: Final = f"Cal.com's stand-in asked directly, {CALCOM} ms a request"
LOOKS: Final = ("check_availability", "find_appointment", "list_services")
# Callers wish nothing so far ahead.
FAR: Final = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Round:
    """How many were answered in a second, and milliseconds of the slowest 5 %."""

    rate: float
    reads: float
    writes: float


def measure(session: Session, report: Report) -> None:
    """Cal.com's limit is lifted. If anybody was told something else than Cal.com holds, the figures mean nothing."""
    seed()
    count = session.effort.size(*CALLS)
    busy, spoken, direct, strangers = [], [], [], []
    with ExitStack() as stack:
        session.steps.say("Functions: sandbox, web and workers start")
        product = Product(session, stack)
        product.wait()
        product.client.fault("calcom.*", latency_ms=CALCOM, times=ALWAYS)
        product.client.switch(webhooks="async")
        for number in range(session.effort.rounds):
            session.steps.say(f"Functions: AskPro, round {number + 1}")
            meter = Meter(*product.programs)
            busy.append(_talk(product, range(number * count, (number + 1) * count), pace=0.0))
            strangers.append(meter.read().strangers)
            session.steps.done()
            session.steps.say(f"Functions: AskPro at the pace of people, round {number + 1}")
            spoken.append(_talk(product, range(number * count, (number + 1) * count), PACE))
            session.steps.done()
            session.steps.say(f"Functions: Cal.com's stand-in, round {number + 1}")
            direct.append(_ask_directly(product.client, count, number))
            session.steps.done()
    report.figures += _figures(busy, spoken, direct, strangers)


def _talk(product: Product, seeds: range, pace: float) -> Round:
    seconds, talks = _at_once(lambda seed: product.client.talk(seed, pace=pace), seeds)
    product.fall_idle()
    bookings = product.client.bookings()
    if lies := [difference for talk in talks for difference in differences(talk, bookings)]:
        raise Failure(f"{len(lies)} things were told that are not so, the first: {lies[0]}")
    askings = [asking for talk in talks for asking in talk["askings"]]
    looks = [each["milliseconds"] for each in askings if each["function"] in LOOKS]
    others = [each["milliseconds"] for each in askings if each["function"] not in LOOKS]
    return _round(seconds, looks, others)


def _ask_directly(client: SandboxClient, count: int, number: int) -> Round:
    """The same two questions, put to Cal.com's stand-in itself: what is free, and a booking."""
    first = datetime.now(UTC) + FAR + number * timedelta(days=60)
    days = [first + timedelta(days=each) for each in range(count)]
    looking, looks = _at_once(lambda day: _look(client, day), days)
    starts = list(itertools.islice(itertools.chain.from_iterable(each for _, each in looks), count))
    booking, books = _at_once(lambda start: _book(client, start), starts)
    return _round(looking + booking, [milliseconds for milliseconds, _ in looks], books)


def _look(client: SandboxClient, day: datetime) -> tuple[float, list[str]]:
    """Milliseconds, and a few free starts of that day."""
    query = f"eventTypeId={SALON.event_types[0].id}&start={day:%Y-%m-%d}&end={day:%Y-%m-%d}"
    milliseconds, data = _request(client, "GET", f"/v2/slots?{query}", "2024-09-04")
    return milliseconds, [slot["start"] for slots in data.values() for slot in slots[:12:4]]


def _book(client: SandboxClient, start: str) -> float:
    attendee = {"name": "Ayşe Demir", "email": "ayse.demir@example.org", "timeZone": "Europe/Berlin"}
    start = datetime.fromisoformat(start).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    wanted = {"start": start, "eventTypeId": SALON.event_types[0].id, "attendee": attendee}
    return _request(client, "POST", "/v2/bookings", "2024-08-13", wanted)[0]


def _request(
    client: SandboxClient, method: str, path: str, version: str, body: Json | None = None
) -> tuple[float, Any]:
    headers = {"Authorization": f"Bearer {settings.CALCOM_API_KEY}", "cal-api-version": version}
    began = time.perf_counter()
    answer = requests.request(method, f"{client.url}/calcom{path}", json=body, headers=headers, timeout=30)
    milliseconds = (time.perf_counter() - began) * 1000
    if not answer.ok:
        raise Failure(f"Cal.com's stand-in answered {answer.status_code} to {method} {path}.")
    return milliseconds, answer.json()["data"]


def _at_once(work: Callable[[Any], Result], wishes: Sequence[Any]) -> tuple[float, list[Result]]:
    """Seconds for all, ten at once, and the results."""
    began = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(work, wishes))
    return time.perf_counter() - began, results


def _round(seconds: float, reads: Sequence[float], writes: Sequence[float]) -> Round:
    return Round((len(reads) + len(writes)) / seconds, percentile(reads, 0.95), percentile(writes, 0.95))


def _figures(
    busy: Sequence[Round], spoken: Sequence[Round], direct: Sequence[Round], strangers: Sequence[float]
) -> list[Figure]:
    rates, read, write = "functions, ten callers who never pause", "a function that looks, p95", "one that changes, p95"
    ours, peer = [each.rate for each in busy], [each.rate for each in direct]
    looks, direct_looks = [each.reads for each in spoken], [each.reads for each in direct]
    changes, direct_changes = [each.writes for each in spoken], [each.writes for each in direct]
    limit = Target("ours", at_most=300)
    return [
        Figure(rates, "functions/s", ours, peer, PEER, is_compared=False, strangers=strangers),
        Figure(read, "ms", looks, direct_looks, PEER, limit, less_is_better=True, is_compared=False),
        Figure(write, "ms", changes, direct_changes, PEER, less_is_better=True, is_compared=False),
    ]
