"""One cell of the matrix: one request, one fault, once or always; played on a clock that runs ahead, then judged."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import time_machine
from django.db import transaction
from django.test import override_settings

from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from askpro.queues.models import Job
from notifications.twilio.client import _client
from tests.timelapse import Timelapse
from tests.vendors.faults import Fault
from tests.vendors.requests import NOW, Asked, World

ONCE, ALWAYS = "once", "always"
# Time-outs of an exchange that only its time-out ends, and of all others, so that a busy machine is no fault.
SHORT, USUAL = 0.4, 10.0
# The most requests that a job may make in one run, each of which may take its whole time-out.
MOST_REQUESTS = 4
WORK = 2.0
# A fault that is "always" there ends after this many seconds, which are waited for its outcome.
FAULT_ENDS, LAST = 600.0, 2700.0
SILENT_FOR = 120.0
SILENT = "silent after two minutes"


@dataclass(frozen=True)
class Cell:
    asked: Asked
    fault: Fault
    how_often: str

    def __str__(self) -> str:
        return f"{self.asked.name} | {self.fault.name} | {self.how_often}"

    @property
    def seconds(self) -> float:
        return SHORT if self.fault.is_slow else USUAL


def play(cell: Cell, sandbox: SandboxClient) -> tuple[str, list[str]]:
    """What became of it, and what is wrong with that."""
    world = World(sandbox, ahead=_ahead())
    with _begun(sandbox) as clock, override_settings(**_settings(cell, sandbox)):
        cell.asked.prepare(world)
        Run(cell, world, clock).go()
        return cell.asked.outcome(world), world.problems


class Run:
    def __init__(self, cell: Cell, world: World, clock: time_machine.Traveller) -> None:
        self._cell, self._world = cell, world
        self._lapse = Timelapse(clock, self._look)
        self._fault: Any = None
        self._step_began = time.monotonic()

    def go(self) -> None:
        asked, sandbox = self._cell.asked, self._world.sandbox
        self._set_fault()
        asked.start(self._world)
        self._lapse.run_until(1.0)
        if self._cell.how_often == ONCE:
            self._clear_fault()
        self._lapse.run_until(FAULT_ENDS, self._is_over)
        self._clear_fault()
        sandbox.clear_faults()
        self._lapse.run_until(LAST, self._is_over)
        self._judge()

    def _is_over(self) -> bool:
        return self._cell.asked.is_settled(self._world) and not Job.objects.filter(status__in=Job.LIVE).exists()

    def _set_fault(self) -> None:
        fault, asked = self._cell.fault, self._cell.asked
        if fault.address:
            self._fault = override_settings(**_elsewhere(asked, fault, self._world.sandbox))
            self._fault.enable()
        else:
            times = 1 if self._cell.how_often == ONCE else 10_000
            self._world.sandbox.fault(asked.route, times=times, **fault.spec)

    def _clear_fault(self) -> None:
        if self._fault is not None:
            self._fault.disable()
            self._fault = None

    def _look(self, now: float) -> None:
        """At each step, before its jobs run."""
        allowed = WORK + MOST_REQUESTS * self._cell.seconds
        if time.monotonic() - self._step_began > allowed and self._cell.fault.is_slow:
            self._world.problems.append(f"a job was busy for more than {allowed:g} s")
        asked = self._cell.asked
        is_silent = not asked.is_settled(self._world) and not asked.witness(self._world)
        if now > SILENT_FOR and is_silent and SILENT not in self._world.problems:
            self._world.problems.append(SILENT)
        if asked.vendor == "twilio":
            self._world.sandbox.switch(twilio_clock_seconds=self._world.ahead + round(now))
        self._step_began = time.monotonic()

    def _judge(self) -> None:
        world, sandbox = self._world, self._world.sandbox
        keys = Counter(
            booking["metadata"]["askpro_booking_key"]
            for booking in sandbox.bookings("accepted")
            if "askpro_booking_key" in booking["metadata"]
        )
        is_cancelling = self._cell.asked.route in ("calcom.get_booking", "calcom.cancel_booking")
        is_told = is_cancelling and self._cell.asked.witness(world)
        if any(count > 1 for count in keys.values()) and not is_told:
            world.problems.append("two live bookings stay")
        if len(sandbox.messages()) > 1:
            world.problems.append("two SMS")
        mails = [mail["headers"]["Message-ID"] for mail in sandbox.mails()]
        if len(set(mails)) > 1 or len(mails) > 2:
            world.problems.append("more than one mail, or more than two copies of it")
        stuck = Job.objects.filter(status="processing").count()
        if stuck:
            world.problems.append(f"{stuck} jobs are stuck")


@contextmanager
def _begun(sandbox: SandboxClient) -> Iterator[time_machine.Traveller]:
    """An empty sandbox and a transaction that leaves nothing, on the first of December."""
    sandbox.reset()
    sandbox.switch(webhooks="off", sms_outcome="queued")
    sandbox.set_calcom_clock(NOW)
    sandbox.switch(twilio_clock_seconds=_ahead())
    _client.cache_clear()
    block = transaction.atomic()
    # As a test case's own: outside calls are allowed in it.
    block._from_testcase = True  # type: ignore[attr-defined]
    with time_machine.travel(NOW, tick=False) as clock, block:
        yield clock
        transaction.set_rollback(True)


def _ahead() -> int:
    """Seconds by which the clocks of the matrix are ahead of the true one, which the sandbox's begin with."""
    return round((NOW - datetime.now(UTC)).total_seconds())


def _settings(cell: Cell, sandbox: SandboxClient) -> dict[str, Any]:
    return {
        "RETELL_BASE_URL": f"{sandbox.url}/retell",
        "RETELL_API_KEYS": [LOCAL["RETELL_API_KEYS"]],
        "CALCOM_BASE_URL": f"{sandbox.url}/calcom",
        "TWILIO_BASE_URL": f"{sandbox.url}/twilio",
        "TWILIO_ACCOUNT_SID": LOCAL["TWILIO_ACCOUNT_SID"],
        "TWILIO_AUTH_TOKENS": [LOCAL["TWILIO_AUTH_TOKENS"]],
        "TWILIO_MESSAGING_SERVICE_SID": LOCAL["TWILIO_MESSAGING_SERVICE_SID"],
        "EMAIL_BACKEND": "askpro.smtp.EmailBackend",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": sandbox.smtp_port,
        "EMAIL_USE_SSL": False,
        "VENDOR_TIMEOUT": cell.seconds,
        "EMAIL_TIMEOUT": cell.seconds,
    }


def _elsewhere(asked: Asked, fault: Fault, sandbox: SandboxClient) -> dict[str, Any]:
    address = fault.address.format(host=sandbox.url.partition("://")[2], port=sandbox.smtp_port)
    if asked.vendor == "smtp":
        scheme, _, rest = address.rpartition("://")
        host, _, port = rest.partition(":")
        return {"EMAIL_HOST": host, "EMAIL_PORT": int(port), "EMAIL_USE_SSL": scheme == "tls"}
    return {f"{asked.vendor.upper()}_BASE_URL": f"{address}/{asked.vendor}"}
