"""What a job may raise."""

import pytest
from dramatiq.errors import Retry
from hypothesis import given
from hypothesis import strategies as st

from askpro.queues import RateLimited, Release
from askpro.queues.errors import LONGEST_RELEASE
from askpro.queues.ledger.outcome import decide


def run_in(error):
    return decide(error, tries_left=1, tries_spent=0, backoff=(1000,)).run_in


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_whatever_a_vendor_says_a_release_ends_within_what_a_clock_can_show(after):
    for error in (Release(after, "later"), RateLimited(after)):
        assert 0 <= run_in(error) <= LONGEST_RELEASE


def test_a_release_without_a_time_fails_where_it_is_raised():
    with pytest.raises(TypeError):
        RateLimited(None)


def test_a_retry_in_a_million_years_comes_within_one():
    assert run_in(Retry(delay=10**18)) == LONGEST_RELEASE
