"""Webhook intake: signed call_ended posts to the product, beside a bare view that stores the same body."""

import json
import secrets
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import time as clock_time
from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command

from askpro.dev.bench.figures import Figure, Target, percentile
from askpro.dev.bench.report import Report
from askpro.dev.bench.session import Session
from askpro.dev.bench.sides.meter import Meter
from askpro.dev.bench.sides.program import ROOT
from askpro.dev.bench.sides.web import Web
from askpro.dev.up.failure import Failure
from askpro.queues.models import Job
from calls.models import Company
from webhooks.models import WebhookEvent

REQUESTS = (2_000, 500)
WARM_UP = 200
SECONDS = 120.0
OURS = "AskPro"
BARE = "bare view in the same server, one INSERT of the same body"
MINIMAL = "bare view in a server without any middleware"


@dataclass(frozen=True, slots=True)
class Load:
    """What the load generator reports."""

    rate: float
    p99: float
    strangers: float


def measure(session: Session, report: Report) -> None:
    """No workers run: only the intake is measured, which writes event and job in one transaction."""
    seed()
    count = session.effort.size(*REQUESTS)
    with ExitStack() as stack:
        session.steps.say("Webhook intake: servers start")
        product = Web("web", session.folder, "askpro.dev.bench.settings", "/health/live")
        stack.callback(product.program.stop)
        minimal = Web("minimal", session.folder, "askpro.dev.bench.sides.minimal_settings", "/")
        stack.callback(minimal.program.stop)
        sides = ((OURS, product, "/webhooks/retell/"), (BARE, product, "/insert"), (MINIMAL, minimal, "/insert"))
        for _, web, path in sides:
            web.program.release()
            web.wait()
            _load(web, path, WARM_UP)
            web.program.hold()
        loads: dict[str, list[Load]] = {name: [] for name, _, _ in sides}
        for number in range(session.effort.rounds):
            for name, web, path in sides:
                session.steps.say(f"Webhook intake: {name}, round {number + 1}")
                web.program.release()
                loads[name].append(_load(web, path, count))
                web.program.hold()
                session.steps.done()
    _check(count * session.effort.rounds + WARM_UP)
    # These calls must not be worked on.
    Job.objects.all().delete()
    WebhookEvent.objects.all().delete()
    report.figures += _figures(loads)


def seed() -> None:
    """Create the demo's companies: a call to a number of no company is set aside and gets no job."""
    call_command("seed_demo", password=secrets.token_urlsafe(16), stdout=StringIO())


def end_quiet_hours() -> None:
    """An SMS must not wait for the morning: equal times mean that there are no quiet hours."""
    Company.objects.update(quiet_from=clock_time(0), quiet_until=clock_time(0))


def _load(web: Web, path: str, count: int) -> Load:
    argv = [
        sys.executable,
        "-m",
        "askpro.dev.bench.measures.load",
        str(web.port),
        path,
        str(count),
        settings.RETELL_API_KEYS[0],
    ]
    meter = Meter(web.program)
    ran = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    if ran.returncode:
        raise Failure(f"The load generator failed at {path}:\n{ran.stderr[-2000:]}")
    said: dict[str, Any] = json.loads(ran.stdout)
    if said["statuses"] != {"204": count}:
        raise Failure(f"{path} answered {said['statuses']}, not 204 to all of {count}.")
    return Load(count / said["seconds"], percentile(said["latencies"], 0.99) * 1000, meter.read().strangers)


def _check(expected: int) -> None:
    events = WebhookEvent.objects.filter(event_type="call_ended").count()
    jobs = Job.objects.filter(actor_name="process_retell_call_ended").count()
    if (events, jobs) != (expected, expected):
        raise Failure(f"{expected} calls left {events} events and {jobs} jobs.")


def _figures(loads: dict[str, list[Load]]) -> list[Figure]:
    target = Target("ratio", at_least=0.55)
    rates = {name: [load.rate for load in taken] for name, taken in loads.items()}
    late = {name: [load.p99 for load in taken] for name, taken in loads.items()}
    strangers = [load.strangers for load in loads[OURS]]
    return [
        Figure("webhook intake", "requests/s", rates[OURS], rates[BARE], BARE, target, strangers=strangers),
        Figure("webhook intake", "requests/s", rates[OURS], rates[MINIMAL], MINIMAL),
        Figure("webhook intake, p99", "ms", late[OURS], late[BARE], BARE, less_is_better=True),
    ]
