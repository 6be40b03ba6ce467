"""What a job says while it runs."""

import threading

import pytest

from askpro.queues import log, progress
from askpro.queues.jobs.progress import LONGEST_LOG
from askpro.queues.ledger.claim import by_age
from askpro.queues.ledger.current import current
from askpro.queues.ledger.outcome import COMPLETED, released
from askpro.queues.models import Attempt, Job
from askpro.queues.testing import run_jobs
from tests.queues import actors
from tests.queues.ledger.test_settle import failure, settle_all, who

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def running(database):
    """A job that runs in this very thread."""
    actors.nothing.send(1)
    (claim,) = by_age(who(database), 1)
    current.claim, current.database, current.worker_id = claim, database, 1
    yield claim
    current.claim = current.database = None


def far():
    return Job.objects.values_list("progress_done", "progress_total").get()


def test_what_a_job_logs_stands_on_its_attempt():
    actors.talks.send()
    run_jobs()
    lines = Attempt.objects.get().log.splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["eins", "zwei \ufffd"]


def test_anything_can_be_logged_and_the_end_is_told(running):
    for _ in range(100):
        log({"a": "\ud800" * 900})
    text = "".join(running.log)
    assert LONGEST_LOG <= len(text) < LONGEST_LOG + 3000
    assert text.endswith("(the rest was left out)\n")


def test_progress_is_seen_while_the_job_runs_and_not_written_at_every_step(running):
    progress(1, 10)
    progress(2, 10)
    assert far() == (1, 10)
    progress(10, 10)
    assert far() == (10, 10)


@pytest.mark.parametrize(("outcome", "job"), [(COMPLETED, (3, 10)), (failure(), (None, None))])
def test_it_stands_on_its_attempt_afterwards(running, database, outcome, job):
    progress(3, 10)
    settle_all(database, [running], outcome)
    assert Attempt.objects.values_list("progress_done", "progress_total").get() == (3, 10)
    assert far() == job


def test_a_job_that_was_put_back_begins_anew(running, database):
    progress(3, 10)
    settle_all(database, [running], released(1, "later"))
    assert far() == (None, None)


@pytest.mark.parametrize("said", [(1, 3), (2**31, 2**33), (2**31 - 1, 2**31 - 1), (0, 0), (10**12, 10**15)])
def test_progress_in_bytes_keeps_its_proportion(running, said):
    progress(*said)
    done, total = far()
    assert done / max(total, 1) == pytest.approx(said[0] / max(said[1], 1))
    assert total <= 2**31 - 1


def test_outside_of_a_job_nothing_happens():
    thread = threading.Thread(target=lambda: (log("x"), progress(1, 2)))
    thread.start()
    thread.join()
