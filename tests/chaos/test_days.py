"""Days of three companies whose vendors fail and whose processes are killed: in the end everything adds up."""

import pytest

from tests.chaos.test_chaos import run


@pytest.mark.xdist_group("days")
def test_sixty_calls_add_up_whatever_fails_and_whoever_is_killed() -> None:
    run("--calls", "60", seconds=300)


@pytest.mark.long
@pytest.mark.xdist_group("days")
@pytest.mark.parametrize("calls", [150, 10_000])
def test_many_calls_add_up_whatever_fails_and_whoever_is_killed(calls: int) -> None:
    run("--calls", str(calls), seconds=300 + calls)
