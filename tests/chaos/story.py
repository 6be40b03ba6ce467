"""One load, every disaster in turn, and the verdict."""

import time

from django.core.management import call_command
from django.db import connection

from askpro.queues.models import Job
from tests.chaos import actors
from tests.chaos.load import Load, sending
from tests.chaos.verdict import rows, verdict
from tests.chaos.world import World
from tests.queues.processes import wait_until

DRAIN_SECONDS = 60.0


def live_through(world: World, jobs: int, seed: int) -> int:
    """Tell on standard output how it went; returns the exit code."""
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(actors.TABLES)
    world.start_queues()
    load = Load(seed)
    disasters = [
        world.kill_workers,
        world.kill_the_chores,
        world.kill_redis,
        world.flush_redis,
        world.stop_redis,
        world.make_redis_read_only,
        world.fill_redis,
        world.kill_the_supervisor,
        world.kill_postgresql,
        world.kill_a_worker_while_postgresql_is_away,
        world.kill_everything_at_once,
    ]
    began = time.monotonic()
    for disaster in disasters:
        at = time.monotonic()
        with sending(load, jobs // len(disasters)):
            disaster()
        print(f"{disaster.__name__.replace('_', ' ')}: {time.monotonic() - at:.1f} s", flush=True)
    connection.close()
    return _judge(world, load, began)


def _judge(world: World, load: Load, began: float) -> int:
    at = time.monotonic()
    wait_until(lambda: not Job.objects.filter(status__in=Job.LIVE).exists(), DRAIN_SECONDS + Job.objects.count() / 50)
    drained = time.monotonic() - at
    problems = [*verdict(), *load.errors]
    if load.longest_push > 0.5:
        problems.append(f"a sender waited {load.longest_push:.2f} s for Redis")
    outcomes = dict(rows("SELECT outcome, count(*)::int FROM queues_attempt GROUP BY 1"))
    ((jobs, claims, releases),) = rows("SELECT count(*), sum(claim_no), sum(releases) FROM queues_job")
    print(
        f"chaos: {jobs} jobs in {time.monotonic() - began:.0f} s (drained {drained:.1f} s after the last disaster); "
        f"{claims} claims, {releases} releases; attempts {outcomes}; {load.refused} transactions refused; "
        f"longest wait for Redis {load.longest_push * 1000:.0f} ms; {len(problems)} faults"
    )
    for problem in problems[:40]:
        print(f"FAULT: {problem}")
    if problems:
        print(world.said()[-20_000:])
    return 1 if problems else 0
