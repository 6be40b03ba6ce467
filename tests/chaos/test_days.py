"""Days of three companies whose vendors fail and whose processes are killed: in the end everything adds up."""

import pytest

from tests.chaos.test_chaos import run


@pytest.mark.xdist_group("days")
def test_150_calls_add_up_whatever_fails_and_whoever_is_killed() -> None:
    run("--calls", "150", seconds=400)


@pytest.mark.long
@pytest.mark.xdist_group("days")
def test_ten_thousand_calls_add_up_whatever_fails_and_whoever_is_killed() -> None:
    run("--calls", "10000", seconds=10_300)
