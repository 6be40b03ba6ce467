"""The machine goes wrong for real: queues without workers, stuck workers, clocks, disks. Each is told, and its end."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
from django.db import connection
from django.utils import timezone

from askpro.dev.up.process import wait_until
from askpro.queues.models import FleetEvent, Job
from tests.queues import hostile
from tests.queues.queues_run import QueuesRun
from tests.watch.world import SPARE, World

# A worker of its own, which may hold 100 MB.
LEAKY = {"leaky": {"queues": ["default"], "processes": 1, "memory": 100}}

# Runs in the shifted watcher before anything else: its clock is 8 s ahead for as long as the file is there.
SHIFT = """
import pathlib, threading, time
import time_machine
path, sleep = pathlib.Path({path!r}), time.sleep
traveller, began = time_machine.travel(time.time(), tick=True), time.monotonic()
# To start takes seconds where much runs beside it, and the clock stands still meanwhile.
traveller.start().shift(8 + time.monotonic() - began)
def end():
    while path.exists():
        sleep(0.05)
    traveller.stop()
threading.Thread(target=end, daemon=True).start()
"""


def waiting(queue: str, **values: object) -> Job:
    """A job of another release: no worker of this one takes it."""
    usual = {"actor_name": "of_another_release", "queue_name": queue, "status": "queued", "ready_at": timezone.now()}
    return Job.objects.create(**{**usual, **values})


def test_scenario_09_each_is_told_within_its_limit_by_a_watcher_that_uses_no_queue(world: World) -> None:
    orphan = waiting("of_another_release")
    # Over its deadline: the chores end it as dead.
    overdue = {"status": "retrying", "run_at": timezone.now() + timedelta(hours=1), "deadline_at": timezone.now()}
    dead = waiting("critical", **overdue)
    world.vendors.fault("smtp.*", times=1000, status=451)
    stuck = world.queues.workers()[0]
    os.kill(stuck, signal.SIGSTOP)
    with world.frozen_redis():
        world.told("queue_without_consumer", within=10, about="of_another_release")
        world.told("redis_away", within=10)
        world.told("channel_failing", within=15, about="email")
        world.told("worker_stuck", within=20)
        world.told("dead_jobs_pressing", within=20, about="of_another_release")
    world.vendors.clear_faults()
    Job.objects.filter(pk__in=[orphan.pk, dead.pk]).delete()
    for code in ("queue_without_consumer", "redis_away", "channel_failing", "worker_stuck", "dead_jobs_pressing"):
        world.ended(code)
        world.once(code)


def test_everything_that_works_the_queues_is_killed_while_postgresql_becomes_read_only(world: World) -> None:
    late = waiting("critical")
    with world.without_queues():
        world.told("promise_broken", within=20, about="critical")
        with read_only(world):
            world.told("postgres_read_only", within=15)
        world.ended("postgres_read_only")
        world.told("no_queues_run", within=30)
        world.told("supervisor_dead", within=30)
        late.delete()
    for code in ("no_queues_run", "promise_broken", "supervisor_dead"):
        world.ended(code)
        world.once(code)


def test_workers_of_a_pool_leak_and_are_replaced_again_and_again(world: World, tmp_path: Path) -> None:
    recycled = FleetEvent.objects.filter(kind=FleetEvent.Kind.RECYCLED, about__startswith="leaky")
    queues = QueuesRun({**world.environment, "TEST_POOLS": json.dumps(LEAKY)}, tmp_path / "leaky.log").start()
    try:
        for count in range(1, 4):
            hostile.leaks.send(150)
            assert wait_until(lambda count=count: recycled.count() == count, SPARE, pause=0.1), queues.said()[-3000:]
    finally:
        queues.terminate()
        queues.wait(20)
    told = world.told("memory_growth", about="leaky")
    assert "3 workers were replaced because they held more memory" in " ".join(told.text.split())
    # An hour later.
    recycled.update(at=timezone.now() - timedelta(hours=2))
    world.ended("memory_growth", about="leaky")
    world.once("memory_growth", about="leaky")


@pytest.mark.long
def test_a_host_whose_clock_is_ahead(world: World, tmp_path: Path) -> None:
    shifted = tmp_path / "shifted"
    shifted.touch()
    (tmp_path / "sitecustomize.py").write_text(SHIFT.format(path=str(shifted)))
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH", "")])])
    beta = world.another_watch("beta", PYTHONPATH=path).start()
    try:
        told = world.told("clock_off", within=20, about="beta")
        assert "8" in told.text
        shifted.unlink()
        world.ended("clock_off", about="beta")
        world.once("clock_off", about="beta")
    finally:
        beta.stop()


@pytest.mark.long
def test_a_disk_that_fills_up(world: World, tmp_path: Path) -> None:
    with small_disk(tmp_path) as disk:
        beta = world.another_watch("beta", WATCH_DISKS=str(disk)).start()
        try:
            full = disk / "full"
            full.write_bytes(b"\0" * 1_000_000)
            world.told("disk_full", within=15, about=str(disk))
            full.unlink()
            world.ended("disk_full", about=str(disk))
            world.once("disk_full", about=str(disk))
        finally:
            beta.stop()


@contextmanager
def read_only(world: World) -> Iterator[None]:
    """For new sessions; the old ones are ended."""
    change(world, "ALTER DATABASE askpro SET default_transaction_read_only = on")
    try:
        yield
    finally:
        change(world, "ALTER DATABASE askpro RESET default_transaction_read_only")


def change(world: World, statement: str) -> None:
    options = "-c default_transaction_read_only=off"
    asked = psycopg2.connect(world.postgres.url("askpro"), options=options)
    try:
        with asked, asked.cursor() as cursor:
            cursor.execute(statement)
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    finally:
        asked.close()
        connection.close()


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of one megabyte. Only root may mount one."""
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m,mode=777", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small file system cannot be mounted here: that needs root")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
