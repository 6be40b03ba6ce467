"""Simulated callers talk to the agent, ten at once: what each was told is what Cal.com holds in the end."""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
import pytest
import requests

from askpro.dev.bench.figures import percentile
from askpro.dev.sandbox.client import Json
from askpro.dev.sandbox.courier import retell_signature
from askpro.dev.sandbox.credentials import LOCAL
from askpro.dev.sandbox.demo.scenarios import HAIRCUT
from askpro.dev.sandbox.retell import events
from askpro.dev.sandbox.talks.judge import differences
from askpro.queue_settings import DEFAULTS
from tests.scenarios.aftermath import contradictions
from tests.scenarios.processes import Queues
from tests.scenarios.world import World

pytestmark = pytest.mark.xdist_group("scenarios")

AT_ONCE = 10
ALL = range(200)
HANGING = 16
READS = ("check_availability", "find_appointment", "list_services")
# Seconds for which Retell waits. The promises below are kept on a machine that does nothing else.
RETELLS_LIMIT = 10.0
READ_WITHIN, WRITE_WITHIN = 3.0, 8.0
LIFTED = {"CALCOM_REQUESTS_PER_MINUTE": "0"}
# Gunicorn's processes, as deploy/systemd/askpro-web.service and `up` start it; in the other tests there is one.
AS_SHIPPED = {"WEB_CONCURRENCY": "2"}
# The pools of production that work on calls leave the processors to the web server, whose callers are on the line.
NICE = DEFAULTS["high"]["nice"]


def talked(world: World, seeds: Sequence[int], patience: float = 120, **traits: Any) -> list[Json]:
    """The talks of these seeds, ten at once, when all that follows from them is done."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        talks = list(pool.map(lambda seed: world.vendors.talk(seed, **traits), seeds))
    world.until_done(seconds=patience)
    return talks


def make_nice(queues: Queues) -> None:
    """Let the workers wait for the web server, as production's do."""
    for pid in queues.workers():
        psutil.Process(pid).nice(NICE)


def lies(world: World, talks: list[Json]) -> list[str]:
    """Everything that is not as a caller was told, at Cal.com or in our rows."""
    bookings = world.vendors.bookings()
    return [
        f"seed {talk['seed']}: {problem}"
        for talk in talks
        for problem in (*differences(talk, bookings), *contradictions(talk))
    ]


def seconds(talks: list[Json], *, reads: bool) -> list[float]:
    return [
        asking["milliseconds"] / 1000
        for talk in talks
        for asking in talk["askings"]
        if (asking["function"] in READS) == reads
    ]


def told(talks: list[Json]) -> str:
    """What was answered and how long it took, for people."""
    kinds = {"reads": seconds(talks, reads=True), "writes": seconds(talks, reads=False)}
    times = (
        f"{len(taken)} {kind}: p95 {percentile(taken, 0.95) * 1000:.0f} ms, at most {max(taken) * 1000:.0f} ms"
        for kind, taken in kinds.items()
    )
    answers = Counter(
        f"{asking['function']} {asking['answer'].get('status', 'none')}" for talk in talks for asking in talk["askings"]
    )
    return f"\n{', '.join(times)}\n{dict(sorted(answers.items()))}"


def test_twenty_callers_ten_at_once_have_what_they_were_told(world: World) -> None:
    talks = talked(world, range(20))
    print(told(talks))
    assert lies(world, talks) == []
    assert max(seconds(talks, reads=True) + seconds(talks, reads=False)) < RETELLS_LIMIT


@pytest.mark.long
def test_two_hundred_callers_have_what_they_were_told_and_hear_it_at_once(world: World) -> None:
    """Cal.com takes 100 ms for each request, and allows any number. They speak; most of the others never pause."""
    world.vendors.fault("calcom.*", latency_ms=100, times=1_000_000)
    with world.reconfigured(**LIFTED, **AS_SHIPPED) as queues:
        make_nice(queues)
        talks = talked(world, ALL, patience=300, pace=2.0)
    print(told(talks))
    assert lies(world, talks) == []
    assert percentile(seconds(talks, reads=True), 0.95) < 0.3
    assert max(seconds(talks, reads=True)) < READ_WITHIN
    assert max(seconds(talks, reads=False)) < WRITE_WITHIN


@pytest.mark.long
def test_two_hundred_callers_have_what_they_were_told_at_120_requests_a_minute(world: World) -> None:
    world.vendors.fault("calcom.*", latency_ms=100, times=1_000_000)
    world.vendors.switch(calcom_rate_limit=120)
    with world.reconfigured(CALCOM_REQUESTS_PER_MINUTE="120", **AS_SHIPPED) as queues:
        make_nice(queues)
        talks = talked(world, ALL, patience=900, pace=2.0)
    print(told(talks))
    assert lies(world, talks) == []
    assert percentile(seconds(talks, reads=True), 0.95) < 0.3
    assert max(seconds(talks, reads=True)) < READ_WITHIN
    assert max(seconds(talks, reads=False)) < WRITE_WITHIN


@pytest.mark.long
def test_callers_whose_booking_hangs_at_cal_com_are_told_the_truth(world: World) -> None:
    with world.reconfigured(VENDOR_TIMEOUT="10", **LIFTED):
        talks = talked(world, range(40), patience=300, slow=True, only_looks=False)
    print(told(talks))
    assert lies(world, talks) == []
    assert max(seconds(talks, reads=False)) < WRITE_WITHIN


@pytest.mark.long
def test_callers_are_told_the_truth_whatever_becomes_of_cal_coms_answers(world: World) -> None:
    for route in ("create_booking", "cancel_booking", "reschedule_booking"):
        world.vendors.fault(f"calcom.{route}", drop="after", latency_ms=1500, times=6)
        world.vendors.fault(f"calcom.{route}", reset="after", times=3)
        world.vendors.fault(f"calcom.{route}", status=503, times=3)
    world.vendors.fault("calcom.slots", status=500, times=3)
    with world.reconfigured(**LIFTED):
        talks = talked(world, range(50), patience=300)
    print(told(talks))
    assert lies(world, talks) == []


@pytest.mark.long
def test_callers_whose_host_has_to_agree_are_told_that_it_is_requested(world: World) -> None:
    world.vendors.switch(confirmation_required=[HAIRCUT.id])
    with world.reconfigured(**LIFTED):
        talks = talked(world, range(40), patience=300)
    print(told(talks))
    assert lies(world, talks) == []


@pytest.mark.long
def test_callers_who_hang_up_on_their_booking_have_it_once_or_somebody_knows(world: World) -> None:
    with world.reconfigured(**LIFTED):
        talks = talked(world, range(50), patience=300, hangs_up=True, only_looks=False)
    print(told(talks))
    assert lies(world, talks) == []


@pytest.mark.long
def test_webhooks_do_not_wait_for_sixteen_functions_that_hang(world: World) -> None:
    """All places to wait in are taken, in the only web process that there is."""
    slow = {
        "looks_first": False,
        "only_looks": False,
        "asks_services": False,
        "slow": True,
        "repeats": 0.0,
        "hangs_up": False,
    }
    with world.reconfigured(VENDOR_TIMEOUT="10", **LIFTED), ThreadPoolExecutor(HANGING) as pool:
        talks = [pool.submit(world.vendors.talk, seed, **slow) for seed in range(HANGING)]
        world.until(lambda: sum(fault["hits"] for fault in world.vendors.faults()) == HANGING)
        taken = webhook_seconds(world, 150)
        assert not any(talk.done() for talk in talks), "they had to hang all the while"
        heard = [talk.result() for talk in talks]
        world.until_done(seconds=300)
    print(f"\np99 of {len(taken)} webhooks: {percentile(taken, 0.99) * 1000:.0f} ms")
    assert {asking["answer"]["status"] for talk in heard for asking in talk["askings"][:1]} == {"pending"}
    assert percentile(taken, 0.99) < 0.25


def webhook_seconds(world: World, count: int) -> list[float]:
    """How long each of `count` webhooks waited for its answer, one after the other; nothing is booked for them."""
    taken, slot = [], world.free_slot(HAIRCUT)
    with requests.Session() as session:
        for _ in range(count):
            body = events.body(events.ENDED, world.call("unclear_date", slot))
            signature = retell_signature(LOCAL["RETELL_API_KEYS"], body)
            headers = {"Content-Type": "application/json", "X-Retell-Signature": signature}
            began = time.perf_counter()
            answer = session.post(f"{world.url}/webhooks/retell/", data=body, headers=headers, timeout=10)
            taken.append(time.perf_counter() - began)
            assert answer.status_code == 204
    return taken
