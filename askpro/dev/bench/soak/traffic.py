"""The traffic, a process of its own: `python -m askpro.dev.bench.soak.traffic`, told in JSON on its standard input.

Each call is three webhooks through the proxy, at an even pace whether the earlier ones were answered or not, and now
and then one twice. Beside them customers cancel by SMS, a person looks at the console, and strangers post what nobody
signed. The time of a webhook runs from the moment at which it was due.
"""

import asyncio
import json
import random
import ssl
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

import requests

from askpro.dev.bench.flood.wire import Connection, written
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.courier import retell_signature
from askpro.dev.sandbox.demo.call import call_object
from askpro.dev.sandbox.demo.callers import somebody
from askpro.dev.sandbox.demo.scenarios import SCENARIOS
from askpro.dev.sandbox.retell import events

CONNECTIONS = 16
EVENTS = ("call_started", "call_ended", "call_analyzed")
# Seconds between two webhooks of a call, and from its end until the customer's SMS.
STEP, LATER = 0.5, 8.0
# Shares of the calls: those of which a webhook comes twice, those that are cancelled, and strangers beside them.
TWICE, CANCELLED, STRANGERS = 0.1, 0.4, 0.1
# Seconds between two looks at the console.
LOOK = 2.0
PAGES = ("/admin/", "/admin/calls/call/", "/admin/queues/job/", "/admin/board/metrics/")


@dataclass(frozen=True, slots=True)
class Plan:
    """`seconds` at `rate` calls a second; `slots` are wished in turn. 0 as the rate: all slots, as fast as it goes."""

    port: int
    name: str
    certificate: str
    key: str
    sandbox: str
    rate: float
    seconds: float
    slots: list[str]
    cookie: str = ""


@dataclass
class Said:
    """What was answered, and how long each signed webhook took."""

    calls: list[str] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    pages: Counter[str] = field(default_factory=Counter)
    strangers: Counter[str] = field(default_factory=Counter)
    sms: Counter[str] = field(default_factory=Counter)


class Traffic:
    def __init__(self, plan: Plan) -> None:
        self.plan, self.said = plan, Said()
        self._trust = ssl.create_default_context(cafile=plan.certificate)
        self._queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._sandbox = SandboxClient(plan.sandbox)

    async def run(self) -> Said:
        workers = [asyncio.create_task(self._post()) for _ in range(CONNECTIONS)]
        if self.plan.cookie:
            workers.append(asyncio.create_task(self._look()))
        began = time.perf_counter()
        for number, slot in enumerate(self._slots()):
            due = began + number / self.plan.rate if self.plan.rate else time.perf_counter()
            if self.plan.rate and due - began > self.plan.seconds:
                break
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            self._start(self._call(datetime.fromisoformat(slot)))
        while self._tasks:
            await asyncio.gather(*self._tasks)
        await self._queue.join()
        for worker in workers:
            worker.cancel()
        return self.said

    def _slots(self) -> Iterator[str]:
        return iter(cycle(self.plan.slots) if self.plan.rate else self.plan.slots)

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _call(self, slot: datetime) -> None:
        caller = somebody()
        call = call_object(SCENARIOS["booked"], caller, slot, datetime.now(UTC))
        self.said.calls.append(call["call_id"])
        for event in EVENTS:
            body = events.body(event, call)
            for _ in range(1 + (random.random() < TWICE)):
                self._queue.put_nowait((time.perf_counter(), body))
            await asyncio.sleep(STEP if self.plan.rate else 0)
        if self.plan.rate and random.random() < STRANGERS:
            self._start(self._stray())
        if self.plan.rate and random.random() < CANCELLED:
            await asyncio.sleep(LATER)
            await self._sms(caller.phone)

    async def _post(self) -> None:
        connection = Connection(self.plan.port, self._trust, name=self.plan.name)
        while True:
            due, body = await self._queue.get()
            signed = {"Content_Type": "application/json", "X_Retell_Signature": retell_signature(self.plan.key, body)}
            request = written("POST", "/webhooks/retell/", body, self.plan.name, **signed)
            self.said.statuses[await connection.status(request)] += 1
            self.said.seconds.append(time.perf_counter() - due)
            self._queue.task_done()

    async def _stray(self) -> None:
        connection = Connection(self.plan.port, self._trust, "127.0.1.1", self.plan.name)
        request = written("POST", "/webhooks/calcom/", b"{}", self.plan.name, Content_Type="application/json")
        self.said.strangers[await connection.status(request)] += 1
        connection.close()

    async def _sms(self, sender: str) -> None:
        try:
            await asyncio.to_thread(self._sandbox.inbound_sms, sender, "Absagen")
            self.said.sms["sent"] += 1
        except (OSError, requests.RequestException) as error:
            self.said.sms[type(error).__name__] += 1

    async def _look(self) -> None:
        connection = Connection(self.plan.port, self._trust, name=self.plan.name)
        for page in cycle(PAGES):
            request = written("GET", page, b"", self.plan.name, Cookie=self.plan.cookie)
            self.said.pages[await connection.status(request)] += 1
            await asyncio.sleep(LOOK)


def main() -> None:
    said = asyncio.run(Traffic(Plan(**json.load(sys.stdin))).run())
    print(json.dumps(vars(said)))


if __name__ == "__main__":
    main()
