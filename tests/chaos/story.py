"""One load, every disaster in turn, and the verdict."""

import random
import time
from collections.abc import Callable, Iterator

from django.core.management import call_command
from django.db import connection

from askpro.queues.models import Job
from tests import template
from tests.chaos import actors, composed
from tests.chaos.display import Display
from tests.chaos.load import KEYS, SENDERS, SHARED_KEYS, Load, sending
from tests.chaos.rows import rows
from tests.chaos.verdict import few, verdict
from tests.chaos.watcher import Watcher
from tests.chaos.world import World
from tests.queues.queues_run import wait_until

DRAIN_SECONDS = 60.0
PROBE_SECONDS = 20.0
MOVING = ("scheduled", "queued", "processing", "retrying", "released")


def live_through(world: World, jobs: int, seed: int, minutes: float = 0.0) -> int:
    """Print how it went; return the exit code."""
    template.restore()
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(actors.TABLES)
        cursor.execute("ALTER SYSTEM SET deadlock_timeout = '100ms'")
        cursor.execute("SELECT pg_reload_conf()")
    world.start_queues()
    load, watcher = Load(seed), Watcher()
    began = time.monotonic()

    def faults_so_far() -> int:
        return len(world.faults) + len(watcher.faults) + len(load.errors)

    with Display(seed, jobs, len(world.disasters()), minutes * 60, faults_so_far) as display, watcher:
        for disaster, share in _disasters(world, jobs, seed, minutes):
            # PostgreSQL may have been restarted since it was last asked.
            connection.close()
            with display.during(disaster.__name__), sending(load, share):
                disaster()
        connection.close()
        with display.during("everything_comes_to_rest"):
            drained = _come_to_rest(DRAIN_SECONDS + jobs / 50)
    faults = [*world.faults, *few(watcher.faults), *load.errors, *verdict(), *_what_still_blocks()]
    if not world.deadlocks():
        faults.append("no deadlock could be provoked")
    if load.longest_push > 0.5:
        faults.append(f"a sender waited {load.longest_push:.2f} s for Redis")
    return _tell(world, load, faults, f"{time.monotonic() - began:.0f} s (drained {drained:.1f} s after the last one)")


def _disasters(world: World, jobs: int, seed: int, minutes: float) -> Iterator[tuple[Callable[[], None], int]]:
    """Each disaster once, then repeatedly in random order until the time is over; each with its number of jobs."""
    disasters = list(world.disasters())
    began, given, rounds = time.monotonic(), 0, 0
    chance = random.Random(seed)
    while True:
        for number, disaster in enumerate(disasters, 1):
            passed = (time.monotonic() - began) / 60
            share = number / len(disasters) if not minutes else min(1.0, (passed + minutes / 60) / minutes)
            due = round(jobs * share) - given
            given += due
            yield disaster, due
            if rounds and time.monotonic() - began > minutes * 60:
                break
        rounds += 1
        if time.monotonic() - began >= minutes * 60:
            break
        chance.shuffle(disasters)
    if given < jobs:
        yield world.nothing, jobs - given


def _come_to_rest(limit: float) -> float:
    began = time.monotonic()
    wait_until(lambda: not Job.objects.filter(status__in=MOVING).exists(), limit)
    return time.monotonic() - began


def _what_still_blocks() -> list[str]:
    """These would wait for ever if anything of a key were left behind."""
    sent = [composed.ordered.send(key, 10**9) for key in range(SENDERS * KEYS)]
    sent += [composed.shared.send(key, 10**9) for key in range(SHARED_KEYS)]
    sent += [composed.unique.send(key, KEYS) for key in range(KEYS)]
    sent += [actors.alone.send(key, 10**9) for key in range(KEYS)]
    sent += [composed.limited.send(10**9)]
    _come_to_rest(PROBE_SECONDS)
    left = Job.objects.filter(pk__in=[message.message_id for message in sent]).exclude(status="completed")
    return [f"{job.actor_name} {job.args} is blocked: {job.status} {job.release_reason}" for job in left]


def _tell(world: World, load: Load, faults: list[str], took: str) -> int:
    outcomes = dict(rows("SELECT outcome, count(*)::int FROM queues_attempt_told GROUP BY 1"))
    ((jobs, claims, releases),) = rows("SELECT count(*), sum(claim_no), sum(releases) FROM queues_job")
    ((batches, keys),) = rows("SELECT (SELECT count(*) FROM queues_batch), (SELECT count(*) FROM queues_uniquekey)")
    put_off, in_settles = world.said().count("Cannot settle"), world.said().count("jobs now: DeadlockDetected")
    print(
        f"chaos: {jobs} jobs, {batches} batches in {took}; {claims} claims, {releases} releases; attempts {outcomes}; "
        f"{load.refused} transactions refused; {world.deadlocks()} deadlocks, {in_settles} of them in settles, "
        f"{put_off} settles put off; "
        f"{keys} unique keys to sweep; "
        f"longest wait for Redis {load.longest_push * 1000:.0f} ms; {len(faults)} faults"
    )
    for fault in faults:
        print(f"FAULT: {fault}")
    if faults:
        print(world.said()[-20_000:])
    return 1 if faults else 0
