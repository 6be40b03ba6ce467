"""Dramatiq's own commands work the queues: real processes, ended cleanly and killed."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from subprocess import Popen

import pytest
from django.conf import settings

from appointments.tasks import recount_company
from askpro.dev.up import process
from askpro.queues.chores.watch import Watch
from askpro.queues.fleet.heartbeat import NO_CHORES
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.models import Job, Supervisor, Worker
from tests.queues import actors, compatible
from tests.queues.queues_run import ROOT, kill, wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("processes"),
    pytest.mark.also_without_redis(if_long=True),
]

DRAMATIQ = ["-m", "dramatiq", "django_dramatiq.setup", "tests.queues.compatible", "--processes", "1", "--threads", "2"]
RUNDRAMATIQ = ["manage.py", "rundramatiq", "--processes", "1", "--threads", "1", "--queues", "low"]

Start = Callable[..., Popen[bytes]]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def start(child_environment: Callable[..., dict[str, str]], log: Path) -> Iterator[Start]:
    running: list[Popen[bytes]] = []

    def start(command: list[str], settings_module: str = "tests.queues.process_settings") -> Popen[bytes]:
        environment = child_environment(DJANGO_SETTINGS_MODULE=settings_module, PYTHONPATH=str(ROOT))
        with log.open("ab") as output:
            child = process.spawn([sys.executable, *command], env=environment, output=output, cwd=ROOT)
        running.append(child)
        assert wait_until(lambda: Worker.objects.filter(status="running").exists(), 30), log.read_text()
        return child

    yield start
    for child in running:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def status(job_id: str) -> str:
    return Job.objects.get(pk=job_id).status


def test_dramatiq_runs_jobs_and_signs_off(start: Start, log: Path, effects: Callable[[], list[str]]) -> None:
    child = start(DRAMATIQ)
    for number in range(20):
        actors.atomic_effect.send(number)
    failed = actors.last_chance.send()

    assert wait_until(lambda: effects() == ["atomic"] * 20, 15), log.read_text()
    assert wait_until(lambda: status(failed.message_id) == "dead", 5)
    worker = Worker.objects.get()
    assert (worker.pool, worker.supervisor.environment) == ("dramatiq", "dramatiq")
    child.send_signal(signal.SIGTERM)
    assert child.wait(20) == 0
    assert Worker.objects.get().status == "stopped"
    assert Supervisor.objects.get().status == "stopped"
    assert not Job.objects.filter(status="processing").exists()


def test_what_dramatiq_offers_inside_a_job_is_there(start: Start, log: Path, effects: Callable[[], list[str]]) -> None:
    child = start(DRAMATIQ)
    knows, slow = compatible.knows_its_message.send(), actors.too_slow.send()
    assert wait_until(lambda: effects() == [knows.message_id], 10), log.read_text()
    assert wait_until(lambda: status(slow.message_id) == "dead", 10)
    assert Job.objects.get(pk=slow.message_id).attempts.get().outcome == "timed_out"

    listening = compatible.listens.send()
    assert wait_until(lambda: "listens" in effects(), 5)
    child.send_signal(signal.SIGTERM)
    assert child.wait(20) == 0
    assert status(listening.message_id) in ("queued", "released")


def test_a_priority_is_dramatiqs_own() -> None:
    assert compatible.less_urgent.priority == 7


def test_its_heart_beats_and_it_warns_while_nobody_does_the_chores(start: Start, log: Path) -> None:
    start(DRAMATIQ)
    assert wait_until(lambda: NO_CHORES in log.read_text(), 10), log.read_text()
    first = Supervisor.objects.get().beat_at
    assert wait_until(lambda: Supervisor.objects.get().beat_at > first, 5), "its heart does not beat"


def test_the_chores_of_others_take_the_jobs_of_one_that_was_killed(
    start: Start, log: Path, effects: Callable[[], list[str]]
) -> None:
    start(DRAMATIQ)
    job = actors.slow.send(60)
    assert wait_until(lambda: effects() == ["slow began"], 10), log.read_text()

    kill(Worker.objects.get().pid)
    database = EngineConnection()
    assert wait_until(lambda: Watch(0).look(database) or status(job.message_id) == "queued", 10)
    database.close()

    held = Job.objects.get(pk=job.message_id)
    assert (held.status, held.losses, held.attempts.get().outcome) == ("queued", 1, "lost")


def test_rundramatiq_finds_the_products_jobs(start: Start, log: Path) -> None:
    job = recount_company.send(company_id=1)
    start(RUNDRAMATIQ, settings_module=settings.SETTINGS_MODULE)
    assert wait_until(lambda: status(job.message_id) == "cancelled", 15), log.read_text()
