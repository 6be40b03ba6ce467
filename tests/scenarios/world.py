"""AskPro, the vendors and the people who phone, as one object with the verbs of the scenarios."""

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
import redis
import requests
from django.conf import settings
from django.db import OperationalError

from appointments.models import Appointment, FollowUp
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.courier import calcom_signature, retell_signature
from askpro.dev.sandbox.credentials import LOCAL
from askpro.dev.sandbox.demo.call import call_object
from askpro.dev.sandbox.demo.callers import somebody
from askpro.dev.sandbox.demo.scenarios import SCENARIOS
from askpro.dev.sandbox.retell import events
from askpro.dev.sandbox.retell.events import ANALYZED, ENDED, STARTED
from askpro.dev.sandbox.world import EventType
from askpro.dev.up import ports
from askpro.queues.models import Attempt, Job, Worker
from askpro.queues.supervisor.group import YOUNG
from notifications.models import Notification
from tests import haste, tables
from tests.queues.queues_run import kill, wait_until
from tests.scenarios.processes import Queues, running_web
from tests.scenarios.traces import Photograph, Traces
from tests.tables import OF_MIGRATE
from webhooks.models import WebhookEvent

Json = dict[str, Any]

# Generous, for two busy cores and because a worker that was killed soon after its start is replaced after a pause.
PATIENCE = 30.0
NOWHERE = "http://127.0.0.1:9"
# Whole hours only, so that no two bookings overlap.
HOURS = range(10, 17)
OF_PROCESSES = ("queues_worker", "queues_supervisor")
BUSY = (Job.Status.QUEUED, Job.Status.PROCESSING)


class World:
    """One world per test; the processes behind it are shared and every row is the test's own."""

    def __init__(self, vendors: SandboxClient, url: str, queues: Queues) -> None:
        self.vendors = vendors
        self.url = url
        self.queues = queues
        self.redis = redis.Redis.from_url(settings.REDIS_URL)
        self._slots: dict[int, Iterator[datetime]] = {}
        self._slot_of: dict[str, datetime] = {}
        self._phones, self._lines = ThreadPoolExecutor(9), ThreadPoolExecutor(8)

    # People

    def call(self, kind: str = "booked", slot: datetime | None = None) -> Json:
        """A call that has just ended, from a different caller each time, about a free time unless `slot` names one."""
        scenario = SCENARIOS[kind]
        slot = slot or self.free_slot(scenario.event_type)
        call = call_object(scenario, somebody(), slot, datetime.now(UTC))
        self._slot_of[call["call_id"]] = slot
        return call

    def free_slot(self, event_type: EventType) -> datetime:
        """Another one each time."""
        if event_type.id not in self._slots:
            self._slots[event_type.id] = iter(free_times(self.vendors, event_type))
        return next(self._slots[event_type.id])

    def slot_of(self, call: Json) -> datetime:
        """The time that `call` made up for this call."""
        return self._slot_of[call["call_id"]]

    def ring(self, call: Json, **copies: int) -> None:
        """Tell AskPro of the call as Retell does; ring(call, call_ended=5) delivers that event five times at once."""
        for event in (STARTED, ENDED, ANALYZED):
            told = [self._lines.submit(self._tell, event, call) for _ in range(copies.get(event, 1))]
            assert {answer.result() for answer in told} == {204}

    def begin_to_ring(self, calls: list[Json], **copies: int) -> Future[None]:
        """Calls that end at the same time; the result is ready when Retell has reported all of them."""
        ringing = [self._phones.submit(self.ring, call, **copies) for call in calls]
        return self._phones.submit(lambda: [each.result() for each in ringing] and None)

    # Cal.com

    def host(self, path: str, **body: Any) -> Json:
        """What a host does in Cal.com's own pages."""
        answer = self.vendors.calcom("POST", path, key=LOCAL["CALCOM_API_KEY"], **body)
        assert answer.ok, answer.text
        data: Json = answer.json()["data"]
        return data

    def lose_calcoms_webhooks(self) -> None:
        """From now on Cal.com's webhooks do not arrive; `deliver` sends them, in any order."""
        self.vendors.switch(askpro_url=NOWHERE)

    def said(self, trigger: str) -> Json:
        """Cal.com's newest webhook of this kind, whether it arrived or not."""
        return self.vendors.deliveries("calcom", trigger)[-1]

    def deliver(self, webhook: Json) -> None:
        """The same bytes with the vendor's signature."""
        body = webhook["body"].encode()
        headers = {
            "Content-Type": "application/json",
            "X-Cal-Signature-256": calcom_signature(LOCAL["CALCOM_WEBHOOK_SECRETS"], body),
        }
        answer = requests.post(f"{self.url}/webhooks/calcom/", data=body, headers=headers, timeout=10)
        assert answer.status_code == 200, answer.text

    @contextmanager
    def reconfigured(self, **environment: str) -> Iterator[Queues]:
        """Meanwhile web and workers have more in their environment: the workers are replaced by those handed over, and
        Retell and Cal.com send to a web server beside the first one."""
        port = ports.choose()
        own = {**self.queues.environment, **environment}
        log = self.queues.log.with_name("web.beside.log")
        with self.queues.instead(**environment) as queues, running_web(own, port, log):
            usual, self.url = self.url, f"http://{ports.HOST}:{port}"
            self.vendors.switch(askpro_url=self.url)
            yield queues
            self.url = usual
            self.vendors.switch(askpro_url=self.url)

    # Time, death and oblivion

    def until(self, condition: Callable[[], object], seconds: float = PATIENCE) -> float:
        """Wait for it; return the seconds it took. A failure shows the state instead."""
        began = time.monotonic()
        assert wait_until(condition, seconds), f"not true after {seconds} s: {self.told()}"
        return time.monotonic() - began

    def until_done(self, condition: Callable[[], object] = lambda: True, seconds: float = PATIENCE) -> None:
        """Wait until it is true and no job is left. If all jobs wait for a time, that time comes at once."""

        def is_done() -> bool:
            if Job.objects.filter(status__in=BUSY).exists():
                return False
            # Only a person could start it again.
            assert not Job.objects.filter(status=Job.Status.DEAD).exists(), self.told()
            if Job.objects.filter(status__in=Job.LIVE).exists():
                haste.skip_to_next()
                return False
            return bool(condition())

        self.until(is_done, seconds)

    def let_pass(self, span: timedelta) -> None:
        """Make every waiting row older, so that what is due by then is due now."""
        haste.let_pass(span)

    def kill_worker(self, chance: random.Random, older_than: float = YOUNG) -> bool:
        """kill -9 of one of them, if any may die now: not while a job is at its last try, because one that is killed in
        each of its runs is dead by design."""
        if Job.objects.filter(status__in=Job.LIVE, tries_spent__gte=2).exists():
            return False
        victims = [pid for pid in self.queues.workers() if _age(pid) > older_than]
        if victims:
            kill(chance.choice(victims))
        return bool(victims)

    def until_workers_are_grown_up(self) -> None:
        """One that dies early is replaced after a pause that doubles each time, which these tests do not test."""
        self.queues.wait_for_workers()
        self.until(lambda: all(_age(pid) > YOUNG for pid in self.queues.workers()))

    def empty_redis(self) -> None:
        self.redis.flushdb()

    def stop_everything(self) -> None:
        """Remove everything that a test left, even a failed one; the processes keep running."""
        self.vendors.reset()
        Job.objects.filter(status__in=Job.LIVE).exclude(status=Job.Status.PROCESSING).update(status="cancelled")
        self.until(lambda: not Job.objects.filter(status=Job.Status.PROCESSING).exists())
        empty_tables()
        self.empty_redis()
        self.redis.close()
        self._phones.shutdown()
        self._lines.shutdown()

    # What there is

    def of(self, call: Json) -> Traces:
        return Traces(self.vendors, call)

    def counts(self, calls: list[Json]) -> list[dict[str, int]]:
        """`count` of each call, of one moment."""
        now = Photograph(self.vendors)
        return [Traces(now, call).count() for call in calls]

    def told(self) -> Json:
        """All states at once, to find out why a test failed."""
        return {
            "jobs": list(
                Job.objects.exclude(status="completed").values_list(
                    "id", "actor_name", "status", "worker_id", "claim_no", "tries_spent", "run_at", "error_class"
                )
            ),
            "workers": list(Worker.objects.values_list("id", "status", "pid")),
            "reasons": list(Job.objects.exclude(release_reason="").values_list("actor_name", "release_reason")),
            "attempts": list(Attempt.objects.exclude(outcome="completed").values_list("outcome", "error_message")),
            "events": list(
                WebhookEvent.objects.exclude(status="processed").values_list("event_type", "status", "reason")
            ),
            "appointments": list(Appointment.objects.values_list("id", "status", "sync_status", "version")),
            "follow-ups": list(FollowUp.objects.values_list("reason", "status")),
            "notifications": list(Notification.objects.values_list("kind", "channel", "version", "status", "reason")),
            "log": self.queues.said()[-3000:],
        }

    def _tell(self, event: str, call: Json) -> int:
        body = events.body(event, call)
        signature = retell_signature(LOCAL["RETELL_API_KEYS"], body)
        headers = {"Content-Type": "application/json", "X-Retell-Signature": signature}
        return requests.post(f"{self.url}/webhooks/retell/", data=body, headers=headers, timeout=10).status_code


def free_times(vendors: SandboxClient, event_type: EventType) -> list[datetime]:
    """The whole hours of the next weeks at which it is free at Cal.com."""
    return vendors.free_hours(event_type.id, key=LOCAL["CALCOM_API_KEY"], days=(2, 50), hours=HOURS)


def empty_tables(kept: tuple[str, ...] = OF_MIGRATE + OF_PROCESSES) -> None:
    """Every row but those kept. A sweeper may hold a table at this moment: PostgreSQL then ends one of the two."""
    for _ in range(3):
        with suppress(OperationalError):
            tables.empty(kept)
            return
    raise AssertionError("the tables could not be emptied")


def _age(pid: int) -> float:
    """Seconds since the process began; 0 when it is gone."""
    try:
        return time.time() - psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return 0.0
