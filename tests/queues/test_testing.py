"""What tests of the apps use."""

import pytest

from askpro.queues.testing import assert_sent, run_jobs
from tests.queues.actors import nothing, step, tagged

pytestmark = pytest.mark.django_db


def test_it_finds_what_was_sent_by_some_of_its_arguments():
    nothing.send(7)
    nothing.send(number=8)
    (job,) = assert_sent(nothing, number=7)
    assert job.args == [7]
    assert len(assert_sent(nothing, times=2)) == 2


def test_it_finds_what_has_run_already():
    nothing.send(7)
    run_jobs()
    assert_sent(nothing, number=7, times=1)


def test_it_says_what_was_sent_instead():
    step.send(name="eins")
    with pytest.raises(AssertionError, match=r"step\(name='zwei'\) was sent 0 times.*'eins'"):
        assert_sent(step, name="zwei")
    with pytest.raises(AssertionError, match="was sent 1 times"):
        assert_sent(step, times=2)


def test_it_can_say_that_nothing_was_sent():
    assert assert_sent(tagged, times=0) == []
    with pytest.raises(AssertionError):
        assert_sent(tagged)
