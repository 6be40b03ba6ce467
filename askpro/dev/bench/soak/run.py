"""One run: how much the machine gives, then a part of that for as long as wanted, then whether everything adds up."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from rich.console import Console

from askpro.dev.bench.figures import percentile
from askpro.dev.bench.machine import describe
from askpro.dev.bench.measures.ingest import end_quiet_hours, seed
from askpro.dev.bench.report import described
from askpro.dev.bench.sides.program import ROOT, Program
from askpro.dev.bench.sides.unit import WebOfUnit
from askpro.dev.bench.soak.growth import Growth, Look, grown
from askpro.dev.bench.soak.traffic import Plan
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import environment
from askpro.dev.sandbox.world import SALON
from askpro.dev.up import ports
from askpro.dev.up.process import wait_until
from askpro.queues import interventions
from askpro.queues.models import Job, Worker
from calls.models import Call
from notifications.models import Notification

NAME: Final = "localhost"
POOLS: Final = "local"
# Calls by which the machine is measured.
MEASURED: Final = 150
# Cal.com offers no times farther away than this, and few are needed twice: customers cancel.
DAYS: Final = (2, 170)
HOURS: Final = range(13, 18)
MOST_SLOTS: Final = 5_000
ALWAYS: Final = 10**9
# Seconds within which everything must have ended after the last call, when what waits for a retry need not wait.
PATIENCE: Final = 300.0
# They look out for what may still come, for many minutes, and have nothing to do.
LOOKOUTS: Final = ("look_for_second_booking",)
BUSY: Final = (Job.Status.QUEUED, Job.Status.PROCESSING, Job.Status.WAITING)
LATER: Final = (Job.Status.RETRYING, Job.Status.RELEASED)
FAULTS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("calcom.*", {"status": 503}),
    ("calcom.*", {"drop": "after"}),
    ("twilio.*", {"status": 503}),
    ("retell.*", {"drop": "before"}),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Minutes, the part of the capacity that is offered, and the part of the vendors' requests that fails."""

    minutes: float
    load: float
    faults: float


@dataclass(frozen=True, slots=True)
class Result:
    """Milliseconds, and what is wrong; empty lists are what one hopes for."""

    capacity: float
    offered: float
    calls: int
    answers: dict[str, Any]
    intake: dict[str, float]
    sms: dict[str, float]
    first: Look
    last: Look
    grown: list[str]
    lost: list[str]
    unexpected: list[str]


def run(folder: Path, wanted: Wanted, *, as_json: bool) -> int:
    """Print what was found; 1 when something was lost, grew, or was answered as it must not be."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    seed()
    end_quiet_hours()
    _say("Sandbox, web, nginx and workers start")
    with ExitStack() as stack:
        result = _soak(Site(folder, stack), wanted)
    if as_json:
        print(json.dumps({"machine": describe(), **asdict(result)}, indent=2, default=str))
    else:
        _print(result)
    return 1 if result.grown or result.lost or result.unexpected else 0


def unexpected(answers: Mapping[str, Any]) -> list[str]:
    """Answers that must not be, in words."""
    expected = {"statuses": {"200", "204"}, "pages": {"200"}, "strangers": {"401", "429"}, "sms": {"sent"}}
    return [
        f"{name}: {count} × {status}"
        for name, known in expected.items()
        for status, count in answers[name].items()
        if status not in known
    ]


class Site:
    """The whole product behind nginx; its programs end when the stack is closed."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        http_port, smtp_port = ports.choose(), ports.choose()
        self.client = SandboxClient(f"http://127.0.0.1:{http_port}", smtp_port)
        self.env = environment(self.client.url, smtp_port) | {"CALCOM_REQUESTS_PER_MINUTE": "0"}
        self.web = WebOfUnit(folder, stack, {**self.env, "DJANGO_SETTINGS_MODULE": "askpro.dev.bench.settings"}, NAME)
        self.env |= {"ASKPRO_PUBLIC_URL": self.web.url}

        def program(name: str, *arguments: str, **env: str) -> Program:
            started = Program(name, (sys.executable, "-m", "django", *arguments), folder, {**self.env, **env})
            stack.callback(started.stop)
            return started

        listen = ("--http-port", str(http_port), "--smtp-port", str(smtp_port), "--calcom-rate-limit", "1000000")
        self.sandbox = program("sandbox", "sandbox_run", *listen, REQUESTS_CA_BUNDLE=str(self.web.certificate))
        self.queues = program("queues", "queues_run", "--environment", POOLS)
        self.sandbox.wait(self.client.ready)
        self.queues.wait(Worker.objects.filter(status=Worker.Status.RUNNING).exists)
        self.web.wait()
        self.client.switch(askpro_url=self.web.url, webhooks="async")
        event_type = SALON.event_types[0].id
        free = self.client.free_hours(event_type, key=settings.CALCOM_API_KEY, days=DAYS, hours=HOURS)
        self.slots = [slot.isoformat() for slot in free[:MOST_SLOTS]]

    def traffic(self, rate: float, seconds: float, slots: Sequence[str]) -> Mapping[str, Any]:
        plan = Plan(
            port=self.web.front.https,
            name=NAME,
            certificate=str(self.web.certificate),
            key=settings.RETELL_API_KEYS[0],
            sandbox=self.client.url,
            rate=rate,
            seconds=seconds,
            slots=list(slots),
            cookie=_logged_in() if rate else "",
        )
        argv = [sys.executable, "-m", "askpro.dev.bench.soak.traffic"]
        ran = subprocess.run(
            argv, cwd=ROOT, input=json.dumps(asdict(plan)), stdout=subprocess.PIPE, text=True, check=True
        )
        said: dict[str, Any] = json.loads(ran.stdout)
        return said


def _soak(site: Site, wanted: Wanted) -> Result:
    capacity = _capacity(site)
    offered = wanted.load * capacity
    _say(f"The machine ends {capacity:.2f} calls a second; now {offered:.2f} for {wanted.minutes:g} minutes")
    for route, fault in FAULTS:
        site.client.fault(route, times=ALWAYS, share=wanted.faults / 2, **fault)
    growth = Growth([site.web.program, site.queues])
    since = datetime.now(UTC)
    said = site.traffic(offered, wanted.minutes * 60, site.slots[MEASURED:])
    growth.stop()
    site.client.clear_faults()
    _say("The last calls end")
    unfinished = _wait_for_the_end()
    answers = {name: said[name] for name in ("statuses", "pages", "strangers", "sms")}
    return Result(
        capacity,
        offered,
        len(said["calls"]),
        answers,
        _times([each * 1000 for each in said["seconds"]]),
        _times(_until_sms(since)),
        growth.looks[0],
        growth.looks[-1],
        grown(growth.looks),
        [*unfinished, *_lost(said["calls"]), *_unbalanced(site.env)],
        unexpected(answers),
    )


def _capacity(site: Site) -> float:
    """Calls a second, from many at once until the last one is booked."""
    _say(f"{MEASURED} calls as fast as it goes")
    began = time.monotonic()
    site.traffic(0, 0, site.slots[:MEASURED])
    wait_until(lambda: not Job.objects.filter(status__in=BUSY).exists(), PATIENCE, pause=0.1)
    return MEASURED / (time.monotonic() - began)


def _say(what: str) -> None:
    print(f"{timezone.localtime():%H:%M:%S} {what}", file=sys.stderr, flush=True)


def _wait_for_the_end() -> list[str]:
    """What has not ended in time, in words."""
    left = Job.objects.filter(status__in=(*BUSY, *LATER)).exclude(actor_name__in=LOOKOUTS)

    def is_over() -> bool:
        for key in left.filter(status=Job.Status.RETRYING).values_list("pk", flat=True):
            interventions.run_now(key)
        return not left.exists()

    if wait_until(is_over, PATIENCE, pause=1.0):
        return []
    return [f"{name} is still {status}" for name, status in left.values_list("actor_name", "status")[:20]]


def _lost(calls: Sequence[str]) -> list[str]:
    kept = set(Call.objects.filter(retell_call_id__in=calls).values_list("retell_call_id", flat=True))
    dead = Job.objects.filter(status=Job.Status.DEAD).values_list("actor_name", "error_class")
    return [f"{len(set(calls) - kept)} calls are not there"] * (len(kept) < len(calls)) + [
        f"{name} is dead: {error}" for name, error in dead
    ]


def _unbalanced(env: Mapping[str, str]) -> list[str]:
    """What `manage.py balance` finds, our rows beside Cal.com's and Twilio's."""
    argv = [sys.executable, "-m", "django", "balance", "--json"]
    ran = subprocess.run(argv, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    if not ran.stdout.startswith("{"):
        return [f"balance failed: {ran.stderr[-500:]}"]
    return [json.dumps(each, ensure_ascii=False) for each in json.loads(ran.stdout)["findings"]]


def _until_sms(since: datetime) -> list[float]:
    """Milliseconds from each call's end being told to its confirmation being accepted by Twilio."""
    rows = Notification.objects.filter(
        created_at__gte=since, channel=Notification.Channel.SMS, kind="confirmation", sent_at__isnull=False
    ).values_list("sent_at", "call__created_at")
    return [(sent - told).total_seconds() * 1000 for sent, told in rows if sent and told]


def _times(values: Sequence[float]) -> dict[str, float]:
    return (
        {name: round(percentile(values, share), 1) for name, share in (("p50", 0.5), ("p99", 0.99))} if values else {}
    )


def _logged_in() -> str:
    """The cookie of somebody who may see everything."""
    user, _ = User.objects.get_or_create(username="soak", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def _print(result: Result) -> None:
    console = Console(highlight=False)
    console.print(described(describe()))
    console.print(f"The machine ends {result.capacity:.2f} calls a second; offered were {result.offered:.2f}.")
    console.print(f"{result.calls} calls; answered: {result.answers}")
    console.print(f"Intake, ms: {result.intake}; from the call's first webhook to its SMS, ms: {result.sms}")
    console.print(f"At first: {result.first}\nAt last: {result.last}")
    for name in ("lost", "grown", "unexpected"):
        found = getattr(result, name)
        console.print(f"{name}: {'nothing' if not found else ''}")
        for line in found:
            console.print(f"  {line}", markup=False)
