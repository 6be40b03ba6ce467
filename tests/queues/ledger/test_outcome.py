"""How a run's end becomes a row's state."""

import pytest
from dramatiq.errors import RateLimitExceeded, Retry
from dramatiq.middleware import Shutdown, TimeLimitExceeded
from hypothesis import given
from hypothesis import strategies as st

from askpro.queues import Gone, RateLimited, Rejected, Release, Unavailable, Unknown
from askpro.queues.errors import LONGEST_RELEASE, JobError
from askpro.queues.ledger.outcome import clean, decide, fingerprint


class Expected(Exception):
    pass


def end(error, tries_left=3, tries_spent=0, **more):
    return decide(error, tries_left=tries_left, tries_spent=tries_spent, **{"backoff": (10_000, 30_000), **more})


@pytest.mark.parametrize(
    ("error", "tries_left", "status", "attempt", "spends_try"),
    [
        (None, 3, "completed", "completed", False),
        (ValueError(), 3, "retrying", "failed", True),
        (ValueError(), 0, "dead", "failed", True),
        (Unavailable(), 1, "retrying", "failed", True),
        (Unknown(), 1, "retrying", "failed", True),
        (Rejected(), 5, "dead", "failed", True),
        (Expected(), 5, "dead", "failed", True),
        (Gone(), 5, "cancelled", "cancelled", True),
        (TimeLimitExceeded(), 1, "retrying", "timed_out", True),
        (TimeLimitExceeded(), 0, "dead", "timed_out", True),
        (Release(5, "not yet"), 0, "released", None, False),
        (RateLimited(5), 0, "released", None, False),
        (RateLimitExceeded("five a minute"), 0, "released", None, False),
        (Shutdown(), 0, "released", None, False),
        (Retry("again", delay=2000), 1, "retrying", "failed", True),
    ],
)
def test_every_end_has_its_state(error, tries_left, status, attempt, spends_try):
    outcome = end(error, tries_left=tries_left, throws=Expected)
    assert (outcome.status, outcome.attempt, outcome.spends_try) == (status, attempt, spends_try)


@pytest.mark.parametrize("tries_left", [0, 3])
@pytest.mark.parametrize("error", [ValueError(), Expected(), Rejected(), Release(5, "not yet"), TimeLimitExceeded()])
def test_a_cancelled_job_does_not_run_again_whatever_it_makes_of_the_interruption(error, tries_left):
    outcome = end(error, tries_left=tries_left, throws=Expected, is_cancelled=True)
    assert (outcome.status, outcome.attempt) == ("cancelled", "cancelled")


def test_a_cancelled_job_that_came_to_its_end_has_completed():
    assert end(None, is_cancelled=True).status == "completed"


def test_expected_errors_are_told_apart_from_bugs():
    assert end(Expected(), throws=(Expected,)).expected
    assert not end(ValueError(), throws=(Expected,)).expected


def test_a_release_waits_exactly_as_long_as_asked():
    assert end(Release(7.5, "not yet")).run_in == 7.5


def test_a_retry_with_a_delay_of_its_own_keeps_it():
    assert end(Retry("again", delay=2500)).run_in == 2.5


@pytest.mark.parametrize("delay", [10**18, float("inf"), float("nan"), -5])
def test_no_pause_is_longer_than_the_clock_of_postgresql(delay):
    assert 0 <= end(Retry("again", delay=delay)).run_in <= LONGEST_RELEASE
    if delay == 10**18:
        assert end(ValueError(), backoff=[delay]).run_in == LONGEST_RELEASE


@given(tries_spent=st.integers(0, 20), ladder=st.lists(st.integers(0, 10_000_000), min_size=1, max_size=12))
def test_the_pause_is_the_ladders_step_jittered_and_the_last_one_repeats(tries_spent, ladder):
    step = ladder[min(tries_spent, len(ladder) - 1)] / 1000
    run_in = end(ValueError(), tries_spent=tries_spent, backoff=ladder).run_in
    assert step * 0.8 <= run_in <= step * 1.2


@given(st.text(alphabet=st.characters(), max_size=300))
def test_cleaned_text_can_be_stored_and_is_never_longer(text):
    cleaned = clean(text, 100)
    assert "\x00" not in cleaned
    cleaned.encode("utf-8")
    assert len(cleaned) <= 100


def test_it_cleans_lone_surrogates_and_nul():
    outcome = end(JobError("a\x00b\ud800c"))
    assert outcome.error_message == "a\ufffdb?c"


def test_an_exception_that_cannot_be_shown_is_still_settled():
    class Broken(Exception):
        def __str__(self):
            raise RuntimeError

    assert end(Broken()).error_message == "(the exception cannot be shown)"


def raise_here():
    raise ValueError("one")


def raise_there():
    raise ValueError("two")


def caught(function):
    try:
        function()
    except ValueError as error:
        return fingerprint("ValueError", error.__traceback__)


def test_the_same_place_has_the_same_fingerprint_and_another_place_another():
    assert caught(raise_here) == caught(raise_here)
    assert caught(raise_here) != caught(raise_there)


def test_a_long_trace_is_cut_and_keeps_its_end():
    try:
        raise JobError("x" * 50_000 + " the end")
    except JobError as error:
        outcome = end(error)
    assert len(outcome.trace) <= 20_000
    assert outcome.trace.rstrip().endswith("the end")
    assert len(outcome.error_message) == 1000
