"""A chore that is due every so often, and less often when it takes long."""

import pytest

from askpro.queues.chores import rhythm
from askpro.queues.chores.rhythm import Rhythm


@pytest.mark.parametrize(
    ("took", "share", "due_after"),
    [(0.0, 1.0, 2.0), (0.5, 1.0, 2.0), (0.03, 0.02, 2.0), (0.1, 0.02, 5.0), (3.0, 1.0, 3.0)],
)
def test_it_takes_no_more_than_its_share_of_the_time(monkeypatch, took, share, due_after):
    now, runs = [100.0], []
    monkeypatch.setattr(rhythm.time, "monotonic", lambda: now[0])

    def run():
        runs.append(now[0])
        now[0] += took

    each = Rhythm(2.0, run, share)
    each.run_if_due()
    now[0] = 100.0 + due_after - 0.001
    each.run_if_due()
    assert runs == [100.0]
    now[0] = 100.0 + due_after + 0.001
    each.run_if_due()
    assert len(runs) == 2
