"""Forker and chores get each other's messages, even if the other is busy."""

import pytest

from askpro.queues.processes.link import WORDS, Died, Farewell, Link, Recall, Recovered, Scale, Word


@pytest.fixture
def link():
    ours, theirs = Link.pair()
    yield ours, theirs
    ours.close()
    theirs.close()


def test_messages_arrive_whole_and_in_order(link):
    ours, theirs = link
    ours.send(Scale("all", 3))
    ours.send(Recall())
    assert list(theirs.receive(1)) == [Scale("all", 3), Recall()]


def test_nothing_waits_for_one_that_does_not_read_and_nothing_is_lost(link):
    ours, theirs = link
    for number in range(2000):
        ours.send(Died(number, "all", 1, stacks="x" * 1000))
    assert ours.is_jammed
    heard = []
    while len(heard) < 2000:
        heard += [said.number for said in theirs.receive(0.1)]
        ours.flush()
    assert heard == list(range(2000))
    assert not ours.is_jammed


def test_the_end_of_one_is_seen_by_the_other_after_its_last_words(link):
    ours, theirs = link
    ours.send(Farewell())
    ours.close()
    assert list(theirs.receive(1)) == [Farewell()]
    assert theirs.is_closed
    theirs.send(Recovered(1))
    assert theirs.is_closed


def test_a_word_of_another_release_is_left_out(link, caplog):
    ours, theirs = link
    ours._socket.sendall(b'{"word": "sing", "song": "la"}\n{"word": "scale", "group": "all", "size": 3}\n')
    ours.send(Recall())
    assert list(theirs.receive(1)) == [Recall()]
    assert len(caplog.records) == 2


def test_every_word_has_a_name_of_its_own():
    assert len(WORDS) == len(Word.__subclasses__())
