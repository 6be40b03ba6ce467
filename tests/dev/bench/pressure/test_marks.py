import os
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from askpro.dev.bench.pressure import marks
from askpro.dev.bench.pressure.marks import MARKS, UNMEASURED, Marks


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Marks]:
    monkeypatch.setenv(MARKS, str(tmp_path / "marks"))
    marks._pipe.cache_clear()
    with closing(Marks()) as reader:
        yield reader
        os.close(marks._pipe())
    marks._pipe.cache_clear()


def test_it_hears_how_long_a_job_waited_for_its_start(heard: Marks):
    now = time.monotonic()
    marks.tell_start(int((now - 2) * 1e9))
    heard.read()
    ((at, waited),) = heard.starts.between(now, now + 60)
    assert 2_000 <= waited < 62_000
    assert waited == pytest.approx((at - now + 2) * 1000)


def test_it_counts_jobs_that_are_not_measured_too(heard: Marks):
    marks.tell_start(UNMEASURED)
    marks.tell_start(time.monotonic_ns())
    heard.read()
    assert (heard.starts.count, len(heard.starts.at)) == (2, 1)


def test_it_hears_how_many_were_sent(heard: Marks):
    marks.tell_sent(5)
    marks.tell_sent(3)
    heard.read()
    assert (heard.starts.sent, heard.starts.count) == (8, 0)


def test_the_counts_go_on_when_the_starts_are_forgotten(heard: Marks):
    marks.tell_sent(5)
    marks.tell_start(time.monotonic_ns())
    assert len(heard.forget().at) == 1
    marks.tell_start(time.monotonic_ns())
    heard.read()
    assert (heard.starts.sent, heard.starts.count, len(heard.starts.at)) == (5, 2, 1)


def test_it_tells_the_starts_between_two_moments(heard: Marks):
    heard.starts.at.extend([1.0, 2.0, 3.0])
    heard.starts.waited.extend([10.0, 20.0, 30.0])
    assert list(heard.starts.between(1.5, 3.0)) == [(2.0, 20.0)]
