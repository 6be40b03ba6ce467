"""What is needed grows with the rate, and what breaks first is told first."""

import pytest

from askpro.dev.bench import __main__ as bench
from askpro.dev.bench.scale.costs import CALL, CALL_JOBS, JOB
from askpro.dev.bench.scale.needs import USED, breaks, needs


def test_ten_times_as_much_needs_ten_times_as_much() -> None:
    small, large = needs(100, JOB), needs(1_000, JOB)

    assert large.workers == pytest.approx(10 * small.workers)
    assert (large.log, large.kept, large.commits) == pytest.approx(
        (10 * small.log, 10 * small.kept, 10 * small.commits)
    )
    assert 9 * small.processes < large.processes <= 10 * small.processes


def test_processors_are_not_used_to_the_last() -> None:
    assert needs(100, JOB).postgres * USED == pytest.approx(100 * JOB.postgres)


def test_a_practice_breaks_nothing_and_a_continent_all_that_one_server_has() -> None:
    assert [*breaks(needs(1, CALL, CALL_JOBS))] == []
    assert [*breaks(needs(10_000, JOB))] == ["connections", "commits"]
    assert "processors of PostgreSQL" in [*breaks(needs(1_000, CALL, CALL_JOBS))]


def test_it_is_printed_without_any_server(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["--scale", "100", "10000"]) == 0

    said = capsys.readouterr().out
    assert "10,000" in said and "Simulated" in said


@pytest.mark.parametrize("arguments", [["--scale", "0"], ["--scale", "-1"], ["--scale", "--console"]])
def test_what_cannot_be_meant_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(arguments)
    assert "--scale" in capsys.readouterr().err
