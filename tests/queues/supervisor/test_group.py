"""When the processes of a pool have trouble starting, and when it is over."""

import pytest

from askpro.queues.config import Pool
from askpro.queues.supervisor import group
from askpro.queues.supervisor.group import Group


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(group.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def pool(clock):
    made = Group("all", Pool("all", ("default",), strategy="off"), ("default",))
    yield made
    for child in made.children:
        child.page.close()


def fork(pool, clock):
    """Its next process, as soon as one may start; returns the seconds that it had to wait."""
    began = clock[0]
    while not (children := list(pool.missing(clock[0]))):
        clock[0] += 0.25
    (child,) = children
    child.forked_at = clock[0]
    return child, clock[0] - began


def die(pool, child):
    trouble = pool.bury(child)
    child.page.close()
    return trouble


def test_each_death_at_the_start_doubles_the_pause_and_the_third_is_told_once(pool, clock):
    waited, told = [], []
    for _ in range(12):
        child, pause = fork(pool, clock)
        waited.append(pause)
        told.append(die(pool, child))
    assert waited == [0, 0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert [number for number, trouble in enumerate(told, 1) if trouble] == [3]


def test_it_is_over_when_a_process_works_and_is_no_longer_young(pool, clock):
    for _ in range(3):
        die(pool, fork(pool, clock)[0])
    child, _ = fork(pool, clock)
    clock[0] += 10
    assert not pool.recovers(clock[0]), "it has not reached PostgreSQL yet"
    child.page.register(17)
    assert pool.recovers(clock[0])
    assert not pool.recovers(clock[0]), "it is told once"


def test_a_death_at_a_later_age_is_no_trouble(pool, clock):
    for _ in range(5):
        child, pause = fork(pool, clock)
        assert pause == 0
        clock[0] += 5
        assert not die(pool, child)


def test_one_that_was_told_to_go_is_no_trouble(pool, clock):
    for _ in range(5):
        child, _ = fork(pool, clock)
        child.leaving_at = clock[0]
        assert not die(pool, child)
