"""The vendors' webhooks while somebody attacks, through nginx and gunicorn as deploy/ starts them."""

import json
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

from askpro.dev.bench.figures import Figure, Target, percentile
from askpro.dev.bench.measures.ingest import seed
from askpro.dev.bench.report import Report
from askpro.dev.bench.session import Session
from askpro.dev.bench.sides.meter import Meter
from askpro.dev.bench.sides.program import ROOT, Program
from askpro.dev.bench.sides.unit import WebOfUnit
from askpro.dev.up.failure import Failure
from askpro.queues.models import Job
from webhooks.models import WebhookEvent

# Webhooks of one round, and how many a second: more than four hundred salons have at their busiest.
REQUESTS: Final = (600, 200)
RATE: Final = 30.0
WARM_UP: Final = 60
# Milliseconds.
LIMIT: Final = 250.0
CALM: Final = "nobody attacks"
NAMES: Final = {
    "slow": "200 clients that send a byte a second",
    "unsigned": "webhooks without a signature, 1,000/s",
    "forged": "webhooks with a forged signature, 1,000/s",
    "logins": "log-ins, 1,000/s",
}
# Seconds in which an attack is under way, and for which it goes on after the last webhook was due.
RAMP: Final = 2.0
PATIENCE: Final = 300.0


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of one round, other programs' share, and what the attacker was answered."""

    p50: float
    p99: float
    strangers: float
    attacker: dict[str, int]


def measure(session: Session, report: Report) -> None:
    """No workers run. Each attack is beside a round without one."""
    seed()
    count = session.effort.size(*REQUESTS)
    with ExitStack() as stack:
        session.steps.say("Attacks: nginx and the web start")
        site = WebOfUnit(session.folder, stack, {"DJANGO_SETTINGS_MODULE": "askpro.dev.bench.settings"})
        site.wait()
        web, gate = site.program, (str(site.front.https), str(site.certificate))
        _round(web, gate, WARM_UP, "")
        for kind, name in NAMES.items():
            calm, under = [], []
            for number in range(session.effort.rounds):
                session.steps.say(f"Attacks: {name}, round {number + 1}")
                calm.append(_round(web, gate, count, ""))
                under.append(_round(web, gate, count, kind))
                session.steps.done()
            report.figures += _figures(name, calm, under)
    _check(WARM_UP + 2 * len(NAMES) * session.effort.rounds * count)
    # These calls must not be worked on.
    Job.objects.all().delete()
    WebhookEvent.objects.all().delete()


def _round(web: Program, gate: tuple[str, str], count: int, attack: str) -> Times:
    meter = Meter(web)
    with ExitStack() as stack:
        attacker = _spawn(stack, "attacker", *gate, attack, str(count / RATE + 2 * RAMP)) if attack else None
        time.sleep(RAMP if attacker else 0)
        said = _heard(_spawn(stack, "vendor", *gate, str(count), str(RATE), settings.RETELL_API_KEYS[0]))
        strangers = meter.read().strangers
        answered = _heard(attacker) if attacker else {}
    if said["statuses"] != {"204": count}:
        raise Failure(f"Signed webhooks were answered {said['statuses']}, not 204 to all of {count}.")
    times = said["seconds"]
    return Times(percentile(times, 0.5) * 1000, percentile(times, 0.99) * 1000, strangers, answered)


def _spawn(stack: ExitStack, name: str, *arguments: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", f"askpro.dev.bench.flood.{name}", *arguments]
    process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process


def _heard(process: subprocess.Popen[str]) -> Any:
    out, err = process.communicate(timeout=PATIENCE)
    if process.returncode:
        raise Failure(f"A generator of load failed:\n{err[-2000:]}")
    return json.loads(out)


def _check(expected: int) -> None:
    events = WebhookEvent.objects.filter(event_type="call_ended").count()
    if events != expected:
        raise Failure(f"{expected} signed webhooks left {events} events.")


def _figures(name: str, calm: list[Times], under: list[Times]) -> list[Figure]:
    strangers = [each.strangers for each in calm]
    told = ", ".join(f"{count} × {status}" for status, count in sorted(under[-1].attacker.items()))
    measure = f"webhooks, while there are {name} (answered {told})"
    late = [each.p99 for each in under], [each.p99 for each in calm]
    usual = [each.p50 for each in under], [each.p50 for each in calm]
    target = Target("ours", at_most=LIMIT)
    return [
        Figure(f"{measure}, p50", "ms", *usual, CALM, less_is_better=True, strangers=strangers),
        Figure(f"{measure}, p99", "ms", *late, CALM, target, less_is_better=True, strangers=strangers),
    ]
