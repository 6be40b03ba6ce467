"""The growth of a process is told of the runs that had it for themselves."""

import mmap
import time

import pytest

from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.models import MetricDelta
from askpro.queues.worker import memory
from askpro.queues.worker.memory import MemoryOfRuns, private_bytes

MB = 1_000_000


def claim(number: int) -> Claim:
    return Claim(str(number), "leaks", "low", [], {}, {}, 1, 0, 0, 0, False, 0, None)


@pytest.fixture
def bytes_before_and_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that grows by a megabyte between any two looks."""
    looks = iter(range(100))
    monkeypatch.setattr(memory, "private_bytes", lambda: next(looks) * MB)


@pytest.mark.usefixtures("bytes_before_and_after")
@pytest.mark.django_db(transaction=True)
@pytest.mark.no_processes
def test_a_run_alone_is_measured_and_written_once(database: EngineConnection) -> None:
    runs = MemoryOfRuns()
    runs.starting(one := claim(1), is_alone=True)
    runs.finished(one)
    runs.write(database)
    assert not MetricDelta.objects.exists()
    runs.write(database, is_last=True)
    runs.write(database, is_last=True)
    row = MetricDelta.objects.get()
    assert (row.what, row.queue_name, row.actor_name, row.count, row.total) == ("memory", "low", "leaks", 1, MB)


@pytest.mark.usefixtures("bytes_before_and_after")
@pytest.mark.parametrize("second_is_alone", [True, False])
def test_a_run_that_another_one_overlaps_is_not(second_is_alone: bool) -> None:
    runs = MemoryOfRuns()
    runs.starting(one := claim(1), is_alone=True)
    runs.starting(two := claim(2), is_alone=second_is_alone)
    runs.finished(one)
    runs.finished(two)
    assert not runs._grown


@pytest.mark.usefixtures("bytes_before_and_after")
def test_it_measures_once_a_second_only(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    runs = MemoryOfRuns()
    for number in range(3):
        runs.starting(one := claim(number), is_alone=True)
        runs.finished(one)
    assert [len(grown) for grown in runs._grown.values()] == [1]


def test_what_a_run_keeps_is_seen() -> None:
    before = private_bytes()
    # Asked of the kernel: Python's own memory may still hold what another test has given back.
    with mmap.mmap(-1, 30 * MB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as kept:
        for page in range(0, 30 * MB, mmap.PAGESIZE):
            kept[page] = 1
        assert private_bytes() - before == pytest.approx(30 * MB, abs=5 * MB)
