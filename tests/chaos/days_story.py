"""Days of three companies: people call, every vendor fails now and then, everything is killed; then it is counted."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import time_machine
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django.utils.module_loading import import_string

from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.demo.call import call_object
from askpro.dev.sandbox.demo.callers import somebody
from askpro.dev.sandbox.demo.scenarios import COLOUR, HAIRCUT, SCENARIOS, Scenario
from askpro.dev.sandbox.management.commands.seed_demo import seed
from askpro.dev.sandbox.retell.events import ANALYZED, ENDED, STARTED
from askpro.dev.sandbox.world import COMPANIES, PRACTICE, SALON
from askpro.queues.models import Job
from calls.models import Branch, Call, Company, PhoneNumber, Service
from tests import haste, template
from tests.chaos.days_verdict import verdict
from tests.chaos.days_world import DaysWorld
from tests.scenarios.world import BUSY, free_times

Json = dict[str, Any]

BARBER, BARBERS_NUMBER = "barbier-zaunkoenig", "+493023125150"
LINES = 8
# Seconds in which everything has come to rest after the last blow, and more for each call.
REST, REST_PER_CALL = 60.0, 0.3
# A sweeper looks at rows only when they are this old.
LATER = timedelta(minutes=20)
ROUNDS = 8
# Retell is not asked for a call that has just ended: its webhook may be on its way.
AGO = timedelta(minutes=20)


def live_through_days(world: DaysWorld, calls: int, seed_: int) -> int:
    """Print how it went; return the exit code."""
    began = time.monotonic()
    random.seed(seed_)
    _prepare(world)
    ready = time.monotonic()
    told = _callers(world, calls)
    world.misbehave()
    blows = _ring_through_blows(world, told, random.Random(seed_))
    rang = time.monotonic()
    _come_to_rest(REST + calls * REST_PER_CALL)
    faults = _hits(world)
    world.behave()
    _mend(calls)
    problems = verdict(world.vendors, told)
    _tell(world, told, blows, faults, problems, (ready - began, rang - ready, time.monotonic() - rang))
    return 1 if problems else 0


def _prepare(world: DaysWorld) -> None:
    template.restore()
    call_command("migrate", verbosity=0)
    for company in COMPANIES:
        seed(company)
    _open_barber()
    Company.objects.update(quiet_from="00:00", quiet_until="00:00")
    world.open()


def _open_barber() -> None:
    """A third company, which trims the salon's beards."""
    company = Company.objects.create(name="Barbier Zaunkönig", slug=BARBER, sms_sender=SALON.sms_sender)
    branch = Branch.objects.create(company=company, name="Nord", opening_hours=SALON.branch.opening_hours)
    PhoneNumber.objects.create(company=company, branch=branch, number=BARBERS_NUMBER)
    Service.objects.filter(name=BEARD.title).update(company=company)


BEARD = SALON.event_types[2]
KINDS = (
    Scenario("haircut", "", event_type=HAIRCUT),
    Scenario("colour", "", event_type=COLOUR),
    Scenario("beard", "", event_type=BEARD, to_number=BARBERS_NUMBER),
    Scenario("practice", "", event_type=PRACTICE.event_types[0], to_number=PRACTICE.branch.number),
    SCENARIOS["unclear_date"],
    SCENARIOS["anonymous"],
    SCENARIOS["redelivered"],
)


def _callers(world: DaysWorld, count: int) -> list[tuple[Scenario, Json]]:
    """Calls that have just ended. When all times of a service are wished for, further callers wish for them too."""
    ended = datetime.now(UTC) - AGO
    slots = {kind.event_type.id: _again_and_again(world.vendors, kind) for kind in KINDS}
    kinds = [KINDS[number % len(KINDS)] for number in range(count)]
    return [(kind, call_object(kind, somebody(), next(slots[kind.event_type.id]), ended)) for kind in kinds]


def _again_and_again(vendors: SandboxClient, kind: Scenario) -> Iterator[datetime]:
    times = free_times(vendors, kind.event_type)
    while True:
        yield from times


def _ring_through_blows(world: DaysWorld, told: list[tuple[Scenario, Json]], chance: random.Random) -> list[str]:
    """Let Retell tell of all calls, on several lines, while one thing after the other is killed; few calls are told of
    before the last blow, but not worked on.
    """
    struck = []
    with ThreadPoolExecutor(LINES) as lines:
        ringing = [lines.submit(_ring, world.vendors.url, kind, call) for kind, call in told]
        for blow in world.blows() * max(1, len(told) // 600):
            time.sleep(chance.uniform(0.2, 0.6))
            blow()
            connection.close()
            struck.append(blow.__name__.strip("_"))
        for each in ringing:
            each.result()
    return struck


def _ring(url: str, kind: Scenario, call: Json) -> None:
    # Most calls are told of by their end and their analysis: their start only shows that they last.
    events = (ENDED, ANALYZED) if kind.event_type != COLOUR else (STARTED, ENDED, ANALYZED)
    SandboxClient(url).deliver_call(call, events, copies=kind.copies)


def _come_to_rest(limit: float) -> None:
    """Wait until no job is left that a clock or a process will start; what waits for a time gets it at once.

    What waits behind a dead step stays: `_mend` retries that one.
    """
    until = time.monotonic() + limit
    connection.close()
    while time.monotonic() < until:
        if Job.objects.filter(status__in=BUSY).exists():
            time.sleep(0.05)
        elif Job.objects.filter(status__in=haste.WAITING).exists():
            haste.skip_to_next()
            time.sleep(0.02)
        else:
            return


def _mend(calls: int) -> None:
    """What the schedule, the sweepers and an operator do once the vendors are well: fetch what was lost, retry what is
    dead. Each may send jobs, so it is repeated until nothing is left.
    """
    _command("sync_retell", "--since", "2h")
    for _ in range(ROUNDS):
        _come_to_rest(REST + calls * REST_PER_CALL)
        _command("sync_calcom", "--now")
        _sweep_later()
        if not Job.objects.filter(status__in=(*Job.LIVE, Job.Status.DEAD)).exists():
            return
        if Job.objects.filter(status=Job.Status.DEAD).exists():
            _command("queues_retry", "--all")
            _command("replay_webhooks", "--status", "failed", "--yes")


def _sweep_later() -> None:
    with time_machine.travel(timezone.now() + LATER):
        for sweeper in settings.SWEEPERS:
            import_string(sweeper)()


def _command(*line: str) -> str:
    said = StringIO()
    call_command(*line, stdout=said, stderr=said)
    return said.getvalue()


def _hits(world: DaysWorld) -> Counter[str]:
    hits: Counter[str] = Counter()
    for fault in world.vendors.faults():
        hits[fault["route"]] += fault["hits"]
    return hits


def _tell(
    world: DaysWorld,
    told: list[tuple[Scenario, Json]],
    blows: list[str],
    faults: Counter[str],
    problems: list[str],
    took: tuple[float, float, float],
) -> None:
    outcomes = Counter(Call.objects.values_list("outcome", flat=True))
    phases = ", ".join(
        f"{seconds:.1f} s to {what}" for seconds, what in zip(took, ("start", "ring", "rest"), strict=True)
    )
    print(f"days: {len(told)} calls of 3 companies; {phases}; killed: {', '.join(blows)}")
    print(f"outcomes {dict(outcomes)}; requests that met a fault {dict(faults)}; {len(problems)} problems")
    for problem in problems:
        print(f"PROBLEM: {problem}")
    if problems:
        print(world.said()[-15_000:])
