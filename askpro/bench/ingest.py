"""Webhook intake: signed call_ended posts to the product, beside a bare view that stores the same body."""

import json
import secrets
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command

from askpro.bench.figures import Figure, Target, percentile
from askpro.bench.program import ROOT
from askpro.bench.report import Report
from askpro.bench.session import Session
from askpro.bench.web import Web
from askpro.local.failure import Failure
from askpro.queues.models import Job
from webhooks.models import WebhookEvent

REQUESTS = (2_000, 500)
WARM_UP = 200
SECONDS = 120.0
OURS = "/webhooks/retell/"
PEER = "/insert"


@dataclass(frozen=True, slots=True)
class Load:
    """What the generator reports."""

    rate: float
    p99: float


def measure(session: Session, report: Report) -> None:
    """No workers run: what is measured is taking the call in, that is event and job in one transaction."""
    seed()
    count = session.size(*REQUESTS)
    with ExitStack() as stack:
        session.steps.say("Webhook intake: servers start")
        ours = Web("web", session.folder, "askpro.bench.settings", "/health/live")
        stack.callback(ours.program.stop)
        peer = Web("bare", session.folder, "askpro.bench.bare_settings", "/")
        stack.callback(peer.program.stop)
        sides = ((ours, OURS), (peer, PEER))
        for web, path in sides:
            web.wait()
            _load(web, path, WARM_UP)
            web.program.hold()
        loads: dict[str, list[Load]] = {OURS: [], PEER: []}
        for number in range(session.rounds):
            for web, path in sides:
                session.steps.say(f"Webhook intake: {path}, round {number + 1}")
                web.program.release()
                loads[path].append(_load(web, path, count))
                web.program.hold()
                session.steps.done()
    _check(count * session.rounds + WARM_UP)
    # Nobody is to work on these calls.
    Job.objects.all().delete()
    WebhookEvent.objects.all().delete()
    report.figures += _figures(loads[OURS], loads[PEER])


def seed() -> None:
    """The demo's companies; without one that has the called number a call is set aside and has no job."""
    call_command("seed_demo", password=secrets.token_urlsafe(16), stdout=StringIO())


def _load(web: Web, path: str, count: int) -> Load:
    argv = [sys.executable, "-m", "askpro.bench.load", str(web.port), path, str(count), settings.RETELL_API_KEYS[0]]
    ran = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    if ran.returncode:
        raise Failure(f"The load generator failed at {path}:\n{ran.stderr[-2000:]}")
    said: dict[str, Any] = json.loads(ran.stdout)
    if said["statuses"] != {"204": count}:
        raise Failure(f"{path} answered {said['statuses']}, not 204 to all of {count}.")
    return Load(count / said["seconds"], percentile(said["latencies"], 0.99) * 1000)


def _check(expected: int) -> None:
    events = WebhookEvent.objects.filter(event_type="call_ended").count()
    jobs = Job.objects.filter(actor_name="process_retell_call_ended").count()
    if (events, jobs) != (expected, expected):
        raise Failure(f"{expected} calls left {events} events and {jobs} jobs.")


def _figures(ours: list[Load], peer: list[Load]) -> list[Figure]:
    name = "bare Django view, one INSERT of the same body"
    return [
        Figure(
            "webhook intake",
            "requests/s",
            [load.rate for load in ours],
            [load.rate for load in peer],
            name,
            Target("ratio", at_least=0.55),
        ),
        Figure(
            "webhook intake, p99",
            "ms",
            [load.p99 for load in ours],
            [load.p99 for load in peer],
            name,
            less_is_better=True,
        ),
    ]
