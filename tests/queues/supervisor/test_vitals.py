"""What a forker reports about its workers."""

import uuid

from askpro.queues.processes.page import Page
from askpro.queues.supervisor.child import Child
from askpro.queues.supervisor.vitals import vitals


def test_it_tells_what_a_worker_runs_and_has_run() -> None:
    child = Child(Page(), "high", pid=1, memory=41.7)
    child.page.register(7)
    long, over = str(uuid.uuid4()), str(uuid.uuid4())
    child.page.take(long, 1, 60.0, "high")
    child.page.over(child.page.take(over, 1, 60.0, "high"))

    told = vitals([child, Child(Page(), "high")])

    assert list(told) == [7]
    assert (told[7].memory, told[7].runs, told[7].leaving) == (42, 1, False)
    ((job_id, seconds, left),) = told[7].running
    assert job_id == long
    assert 0 <= seconds < 10 < left <= 60
