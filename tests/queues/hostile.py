"""Jobs that take long, hold things, or never listen; and a hook that kills its process."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from django.db import DatabaseError, connection, transaction
from dramatiq.threading import raise_thread_exception
from setproctitle import getproctitle

from askpro.queues import MIN, Release, S, actor
from askpro.queues.models import Attempt, Lock
from tests.queues.actors import effect


@actor(queue_name="default", max_retries=0, time_limit=MIN)
def holds_a_row(seconds: float) -> None:
    """Keeps the lock row `row` locked in a transaction of its own."""
    Lock.objects.get_or_create(key="row", defaults={"job_id": "0" * 32, "claim_no": 0})
    with transaction.atomic():
        Lock.objects.select_for_update().get(key="row")
        time.sleep(seconds)


@actor(queue_name="default", atomic=True)
def atomic_and_slow(seconds: float) -> None:
    """Slow at its first run; a later run is done at once."""
    effect("atomic and slow")
    if not Attempt.objects.exists():
        time.sleep(seconds)


@actor(queue_name="default", time_limit=60 * S)
def lasts_until_there_is(path: str, name: str) -> None:
    """Works until a test makes the file."""
    effect(f"{name} began")
    while not Path(path).exists():
        time.sleep(0.05)
    effect(f"{name} ended")


@actor(queue_name="default", no_overlap="wait:{key}")
def alone_and_waiting(key: str, seconds: float) -> None:
    effect("alone began")
    time.sleep(seconds)


@actor(queue_name="default", time_limit=300)
def short_limit() -> None: ...


@actor(queue_name="default", max_retries=1, backoff=(100,), time_limit=60 * S)
def kills_its_process_after(seconds: float) -> None:
    time.sleep(seconds)
    os.kill(os.getpid(), 9)


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError


ERRORS: dict[str, Callable[[], BaseException]] = {
    "exit": lambda: SystemExit(1),
    "interrupt": KeyboardInterrupt,
    "generator": GeneratorExit,
    "unprintable": Unprintable,
    "no text for a database": lambda: ValueError("\x00 \ud800 \udfff"),
    "endless text": lambda: ValueError("x" * 5_000_000),
    "release for ever": lambda: Release(float("inf"), "\x00\ud800" * 500),
    "deep": lambda: RecursionError(),
}


@actor(queue_name="default", max_retries=0)
def raises(kind: str) -> None:
    raise ERRORS[kind]()


@actor(queue_name="default")
def loses_its_connection() -> None:
    """Ends its own session, as a restart of PostgreSQL would between two statements."""
    with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@actor(queue_name="default")
def kills_its_thread() -> None:
    """The thread dies a moment after the job, as when a time limit strikes while the job is being settled."""
    threading.Timer(0.3, raise_thread_exception, (threading.get_ident(), SystemExit)).start()


def die_as_a_worker() -> None:
    """As an AFTER_FORK hook: no worker comes to life."""
    if getproctitle().startswith("askpro worker"):
        os._exit(3)


def die_in_pool_bad() -> None:
    """As an AFTER_FORK hook: one pool cannot start."""
    if getproctitle() == "askpro worker bad":
        raise ImportError("explodes")


@actor(queue_name="critical", time_limit=30 * S)
def critical_and_slow(seconds: float) -> None:
    time.sleep(seconds)


@actor(queue_name="default", time_limit=60 * S, max_retries=1, backoff=(100,))
def patient(name: str) -> None:
    """The first run waits long, the second ends at once."""
    effect(f"{name} began")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM effect WHERE name = %s", [f"{name} began"])
        (began,) = cursor.fetchone()
    if began == 1:
        time.sleep(50)


_kept: list[bytes] = []


@actor(queue_name="default")
def leaks(megabytes: int) -> None:
    _kept.append(os.urandom(1_000_000) * megabytes)


@actor(queue_name="default", time_limit=2 * S, max_retries=0)
def hangs_on_a_socket() -> None:
    here, _there = socket.socketpair()
    here.recv(1)


@actor(queue_name="default", time_limit=2 * S, max_retries=0)
def loops_in_c() -> None:
    """One call that keeps every other thread out of the interpreter."""
    10 ** (10**8)


@actor(queue_name="default", time_limit=MIN, max_retries=0)
def loops_in_c_for_long(name: str) -> None:
    effect(f"{name} began")
    10 ** (10**8)


@actor(queue_name="default", time_limit=MIN, max_retries=0, slow=300)
def works_and_waits(seconds: float) -> None:
    """Half of the time in Python, half of it for PostgreSQL."""
    until = time.monotonic() + seconds / 2
    while time.monotonic() < until:
        sum(range(1000))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds / 2])


@actor(queue_name="default", time_limit=5 * MIN)
def writes_to_a_file(path: str, seconds: float) -> None:
    """Works for a while and asks no database."""
    for word, pause in (("began", seconds), ("ended", 0)):
        with Path(path).open("a", encoding="ascii") as file:
            file.write(f"{word}\n")
        time.sleep(pause)
