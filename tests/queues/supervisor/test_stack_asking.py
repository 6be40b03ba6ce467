"""The forker's part of a request for stacks: whom it asks, what it reads, and when it gives up."""

import faulthandler
import os
import signal
from collections.abc import Iterator
from threading import Event, Thread
from uuid import uuid4

import pytest

from askpro.queues.processes.link import AskStacks, Stacks, Word
from askpro.queues.processes.page import ASK, Page
from askpro.queues.supervisor.child import Child
from askpro.queues.supervisor.stack_asking import LONGEST_WAIT, StackAsking

JOB = str(uuid4())


@pytest.fixture
def child() -> Iterator[Child]:
    """A worker that is this very process; it ignores the question unless a test says otherwise."""
    before = signal.signal(ASK, signal.SIG_IGN)
    page = Page()
    page.register(7)
    yield Child(page, "all", os.getpid())
    faulthandler.unregister(ASK)
    signal.signal(ASK, before)
    page.close()


@pytest.fixture
def said() -> list[Word]:
    return []


@pytest.fixture
def asking(said: list[Word]) -> StackAsking:
    return StackAsking(said.append)


def ask(asking: StackAsking, children: list[Child], number: int = 1, worker_id: int = 7) -> None:
    asking.ask(AskStacks(number, worker_id, JOB, 3), children, 100.0)


def test_an_answer_is_read_when_it_has_stopped_growing_and_each_begins_anew(
    child: Child, asking: StackAsking, said: list[Word]
) -> None:
    child.page.show_stacks_when_asked()
    slot = child.page.take(JOB, 3, 60.0, "default")
    assert slot is not None and child.page.annex is not None
    child.page.annex.sign(slot, JOB, 4711)
    for number in (1, 2):
        ask(asking, [child], number)
        asking.look([child], 100.1)
        assert len(said) == number - 1, "it may still be writing"
        asking.look([child], 100.2)
    first, second = said
    assert isinstance(first, Stacks) and isinstance(second, Stacks)
    assert (first.number, first.thread, first.refusal) == (1, 4711, "")
    assert first.text.count("test_stack_asking.py") == second.text.count("test_stack_asking.py") > 0


def test_the_thread_that_is_written_last_is_read_behind_many_deep_ones(
    child: Child, asking: StackAsking, said: list[Word]
) -> None:
    """As a job's in a pool of many threads, and this test's own in a process in which others have left threads."""
    child.page.show_stacks_when_asked()
    child.page.take(JOB, 3, 60.0, "default")
    is_over = Event()
    others = [Thread(target=wait_deep_down, args=(is_over, 30)) for _ in range(40)]
    for thread in others:
        thread.start()
    ask(asking, [child])
    asking.look([child], 100.1)
    asking.look([child], 100.2)
    is_over.set()
    for thread in others:
        thread.join()
    (answer,) = said
    assert isinstance(answer, Stacks)
    assert answer.text.count("in wait_deep_down") > 1000
    assert "in test_the_thread_that_is_written_last" in answer.text


def wait_deep_down(is_over: Event, frames: int) -> None:
    if frames:
        wait_deep_down(is_over, frames - 1)
    else:
        is_over.wait()


def test_two_requests_for_one_worker_share_its_answer(child: Child, asking: StackAsking, said: list[Word]) -> None:
    child.page.show_stacks_when_asked()
    child.page.take(JOB, 3, 60.0, "default")
    ask(asking, [child], 1)
    ask(asking, [child], 2)
    asking.look([child], 100.1)
    asking.look([child], 100.2)
    assert [each.number for each in said if isinstance(each, Stacks) and each.text] == [1, 2]


def test_it_says_why_there_is_none(child: Child, asking: StackAsking, said: list[Word]) -> None:
    ask(asking, [child], 1)
    ask(asking, [child], 2, worker_id=8)
    child.page.take(JOB, 3, 60.0, "default")
    ask(asking, [child], 3)
    asking.look([child], 100.0 + LONGEST_WAIT + 0.1)
    ask(asking, [child], 4)
    asking.look([], 100.1)
    asking.look([child], 200.0)
    assert [(each.number, each.refusal) for each in said if isinstance(each, Stacks)] == [
        *((1, "not_started"), (2, "no_worker"), (3, "mute"), (4, "no_worker")),
    ]


def test_the_thread_of_an_earlier_job_in_the_same_place_is_not_told(child: Child) -> None:
    slot = child.page.take(str(uuid4()), 1, 60.0, "default")
    assert slot is not None and child.page.annex is not None
    child.page.annex.sign(slot, str(uuid4()), 4711)
    assert [each.thread for each in child.page.started()] == [0]


def test_a_page_of_another_release_has_no_annex_and_a_call_is_not_heard() -> None:
    page = Page()
    again = Page(os.dup(page.fd))
    assert again.annex is None
    Child(again, "all").call()
    page.take(JOB, 1, 60.0, "default")
    assert [each.thread for each in again.started()] == [0]
    again.close()
    page.close()
