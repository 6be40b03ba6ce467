"""A page with a name is read when nobody is left who shares it, and by nobody before."""

import os
import time
import uuid

import pytest

from askpro.queues.processes import named
from askpro.queues.processes.page import CAPACITY, Page, begun

JOB = "00000000-0000-7000-8000-000000000001"


@pytest.fixture
def name():
    name = f"test-{uuid.uuid4()}"
    yield name
    named.remove(name)


def left(name: str, *, jobs: int = 1, age: float = 0.0) -> None:
    """A page whose process has begun `jobs` and is gone."""
    page = Page()
    page.register(7, name)
    for number in range(jobs):
        page.take(JOB, number, 60.0, "default")
    os.utime(page.fd, (time.time() - age,) * 2)
    page.close()


def test_what_had_begun_and_was_not_settled_stands_there(name):
    page = Page()
    page.register(7, name)
    page.take(JOB, 3, 60.0, "default")
    page.over(page.take(JOB, 4, 60.0, "default"))
    page.free(page.take(JOB, 5, 60.0, "default"))
    page.close()
    assert begun(name) == {(JOB, 3), (JOB, 4)}


def test_it_is_read_by_nobody_while_a_fork_shares_it(name):
    page = Page()
    page.register(7, name)
    reading, writing = os.pipe()
    if not (child := os.fork()):
        os.read(reading, 1)
        os._exit(0)
    page.close()
    with pytest.raises(named.InUse):
        begun(name)
    os.write(writing, b".")
    os.waitpid(child, 0)
    assert begun(name) == set()


def test_where_there_is_none_nothing_is_known(name):
    assert begun(name) is None
    assert begun("") is None


def test_a_page_that_was_full_once_tells_nobody_that_the_rest_had_not_begun(name):
    left(name, jobs=CAPACITY)
    assert len(begun(name)) == CAPACITY
    named.remove(name)
    left(name, jobs=CAPACITY + 1)
    assert begun(name) is None


def test_what_somebody_else_has_put_there_is_not_read(name, monkeypatch):
    left(name)
    monkeypatch.setattr(named.os, "geteuid", lambda: os.getuid() + 1)
    assert begun(name) is None


def test_nor_is_what_a_link_leads_to(name):
    left(name)
    (named.FOLDER / f"{named.PREFIX}{name}-link").symlink_to(named.FOLDER / f"{named.PREFIX}{name}")
    assert begun(f"{name}-link") is None
    named.remove(f"{name}-link")


@pytest.mark.parametrize("trouble", [OSError, None])
def test_without_shared_memory_a_page_works_and_has_no_name(name, monkeypatch, trouble):
    if trouble:
        monkeypatch.setattr(named, "FOLDER", named.FOLDER / "nowhere")
    else:
        monkeypatch.delattr(named.os, "O_TMPFILE")
    left(name)
    assert begun(name) is None


def test_only_old_ones_for_which_nobody_came_are_removed(name):
    names = [f"{name}-{kind}" for kind in ("young", "old", "used")]
    left(names[0])
    left(names[1], age=named.KEPT + 1)
    page = Page()
    page.register(7, names[2])
    os.utime(page.fd, (0, 0))
    named.remove_old()
    page.close()
    assert [begun(each) is not None for each in names] == [True, False, True]
    named.remove(names[0])
    named.remove(names[2])
