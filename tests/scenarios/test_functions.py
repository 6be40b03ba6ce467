"""Functions that hang leave room for webhooks: they have places of their own in a web process."""

import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from appointments.models import FollowUp
from askpro.dev.sandbox.courier import retell_signature
from askpro.dev.sandbox.credentials import LOCAL
from askpro.dev.sandbox.credentials import environment as vendors_environment
from askpro.dev.sandbox.demo.scenarios import HAIRCUT
from askpro.dev.sandbox.exchange import compact
from askpro.dev.sandbox.retell import events
from askpro.dev.sandbox.retell.events import STARTED
from askpro.dev.sandbox.world import SALON, TIMEZONE
from askpro.dev.up import ports
from calls.models import BookingRequest
from tests.queues.queues_run import wait_until
from tests.scenarios.processes import running_web
from tests.scenarios.world import World

pytestmark = pytest.mark.xdist_group("scenarios")

HANGING = 16
KEY = LOCAL["RETELL_API_KEYS"]
# Retell's own limit is ten seconds.
LONGEST_WRITE = 8.0


def ask(world: World, function: str, call: dict[str, Any], **arguments: str) -> tuple[float, dict[str, Any]]:
    """How long the answer took, and the answer."""
    body = compact({"name": function, "call": call, "args": arguments})
    headers = {
        "X-Retell-Signature": retell_signature(KEY, body),
        "Content-Type": "application/json",
    }
    began = time.monotonic()
    answer = requests.post(f"{world.url}/webhooks/retell/functions/{function}/", data=body, headers=headers, timeout=15)
    told: dict[str, Any] = answer.json()
    return time.monotonic() - began, told


def webhooks_for(seconds: float, world: World) -> Iterator[float]:
    """How long each took, one after the other."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        body = events.body(STARTED, world.call(slot=world.free_slot(HAIRCUT)))
        headers = {"Content-Type": "application/json", "X-Retell-Signature": retell_signature(KEY, body)}
        began = time.monotonic()
        assert requests.post(f"{world.url}/webhooks/retell/", data=body, headers=headers, timeout=10).status_code == 204
        yield time.monotonic() - began


def p99_of(took: list[float]) -> float:
    return statistics.quantiles(took, n=100)[98]


def callers(world: World) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """Somebody on the line who wants a free time of her own."""
    while True:
        slot = world.free_slot(HAIRCUT).astimezone(ZoneInfo(TIMEZONE))
        call = world.call(slot=slot) | {"call_status": "ongoing", "to_number": SALON.branch.number}
        del call["end_timestamp"]
        wish = {"service": HAIRCUT.title, "date": f"{slot:%Y-%m-%d}", "time": f"{slot:%H:%M}", "name": "Ole Linde"}
        yield call, wish


@pytest.fixture
def patient(world: World, child_environment: Callable[..., dict[str, str]], tmp_path: Path) -> Iterator[World]:
    """A world whose web process waits for vendors as long as in production."""
    port = ports.choose()
    environment = child_environment(**vendors_environment(world.vendors.url, world.vendors.smtp_port))
    with running_web(environment, port, tmp_path / "web.log"):
        yield World(world.vendors, f"http://{ports.HOST}:{port}", world.queues)


def test_sixteen_hanging_functions_keep_no_webhook_waiting(patient: World) -> None:
    vendors = patient.vendors
    vendors.switch(webhooks="off")
    on_the_line = list(islice(callers(patient), HANGING))
    vendors.fault("calcom.create_booking", latency_ms=9_500, drop="before", times=HANGING)
    usually = p99_of([*webhooks_for(1.0, patient)])
    with ThreadPoolExecutor(HANGING) as phones:
        asked = [phones.submit(ask, patient, "book_appointment", call, **wish) for call, wish in on_the_line]
        assert wait_until(lambda: vendors.faults()[0]["hits"] == HANGING, 6), "they did not all hang"
        p99 = p99_of([*webhooks_for(1.5, patient)])
        assert not any(answer.done() for answer in asked), "they did not hang"
        answers = [answer.result() for answer in asked]
    print(f"webhooks beside {HANGING} hanging functions: p99 {p99 * 1000:.0f} ms, without {usually * 1000:.0f} ms")
    # On a machine that others keep busy, as fast as without them.
    assert p99 < max(0.25, 2 * usually)
    assert max(seconds for seconds, _ in answers) < LONGEST_WRITE
    assert {told["status"] for _, told in answers} == {"pending"}
    # A person knows of each until its job is done.
    assert FollowUp.objects.filter(reason="provider_down").count() == HANGING
    assert BookingRequest.objects.count() == HANGING
