"""The shared page tells the forker what its worker was running."""

import os
import time
import uuid
from math import inf

import pytest

from askpro.queues.processes.page import CAPACITY, Page


@pytest.fixture
def page():
    page = Page()
    yield page
    page.close()


def job_id():
    return str(uuid.uuid4())


def test_an_empty_page_names_no_worker_and_no_job(page):
    assert (page.worker_id, page.started()) == (0, [])


def test_a_started_job_stands_there_with_its_claim_and_its_limit(page):
    identifier, before = job_id(), time.monotonic()
    page.take(identifier, 7, 60.0, "default")
    (item,) = page.started()
    assert (item.job_id, item.claim_no) == (identifier, 7)
    assert before <= item.started <= time.monotonic()
    assert item.limit == pytest.approx(item.started + 60.0)


def test_a_run_that_has_ended_still_counts_and_has_no_limit_any_more(page):
    slot = page.take(job_id(), 1, 0.001, "default")
    page.over(slot)
    assert [item.limit for item in page.started()] == [inf]


def test_a_settled_job_is_gone_and_its_place_is_used_again(page):
    for number in range(CAPACITY * 3):
        slot = page.take(job_id(), number, 1.0, "default")
        assert slot is not None
        page.over(slot)
        page.free(slot)
    assert page.started() == []


def test_a_full_page_takes_no_more_and_loses_nothing(page):
    ids = {job_id() for _ in range(CAPACITY)}
    for identifier in ids:
        assert page.take(identifier, 1, 1.0, "default") is not None
    assert page.take(job_id(), 1, 1.0, "default") is None
    assert {item.job_id for item in page.started()} == ids


def test_the_parent_reads_what_a_killed_child_wrote(page):
    identifier = job_id()
    child = os.fork()
    if not child:
        page.register(4711)
        page.take(identifier, 3, 5.0, "default")
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    assert page.worker_id == 4711
    assert [(item.job_id, item.claim_no) for item in page.started()] == [(identifier, 3)]
