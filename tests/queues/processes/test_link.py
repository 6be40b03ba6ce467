"""Forker and chores hear each other, whatever the other one is doing."""

import pytest

from askpro.queues.processes.link import Link


@pytest.fixture
def link():
    ours, theirs = Link.pair()
    yield ours, theirs
    ours.close()
    theirs.close()


def test_messages_arrive_whole_and_in_order(link):
    ours, theirs = link
    ours.send("scale", group="all", count=3)
    ours.send("recall")
    assert list(theirs.receive(1)) == [{"word": "scale", "group": "all", "count": 3}, {"word": "recall"}]


def test_nothing_waits_for_one_that_does_not_read_and_nothing_is_lost(link):
    ours, theirs = link
    for number in range(2000):
        ours.send("death", number=number, stacks="x" * 1000)
    assert ours.is_jammed
    heard = []
    while len(heard) < 2000:
        heard += [message["number"] for message in theirs.receive(0.1)]
        ours.flush()
    assert heard == list(range(2000))
    assert not ours.is_jammed


def test_the_end_of_one_is_seen_by_the_other_after_its_last_words(link):
    ours, theirs = link
    ours.send("farewell")
    ours.close()
    assert [message["word"] for message in theirs.receive(1)] == ["farewell"]
    assert theirs.is_closed
    theirs.send("recovered", number=1)
    assert theirs.is_closed
