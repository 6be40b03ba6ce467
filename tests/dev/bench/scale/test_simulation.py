"""The simulated pools agree with what was measured on two cores, and with what theory says of queues."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro.dev.bench.scale.costs import CAPACITY, JOB, P50
from askpro.dev.bench.scale.run import production, simulated
from askpro.dev.bench.scale.simulation import Simulation

ONE_QUEUE = {"critical": 50, "high": 50, "default": 50, "webhooks": 50, "notifications": 50, "low": 50}


def test_it_agrees_with_two_cores() -> None:
    capacity, result = simulated()

    assert capacity == pytest.approx(CAPACITY, rel=0.1)
    assert result.p50 == pytest.approx(P50, rel=0.4)


@pytest.mark.parametrize("cores", [1, 2, 4, 8])
def test_twice_the_cores_do_twice_as_much(cores: int) -> None:
    most = max(Simulation(JOB.processor, cores, ONE_QUEUE).run(cores / JOB.processor * x, 10).done for x in (0.9, 1.1))

    assert most == pytest.approx(cores / JOB.processor, rel=0.1)


def test_without_others_a_job_waits_for_its_own_processor_time_and_the_disk_only() -> None:
    result = Simulation(0.002, 2, ONE_QUEUE, flush=0.001).run(1, 60)

    assert result.p50 == pytest.approx(2.9, abs=0.01)
    assert result.done == pytest.approx(1, rel=0.4)


def test_processes_that_are_too_few_hold_up_what_the_processors_could_do() -> None:
    few = dict.fromkeys(ONE_QUEUE, 1)

    assert Simulation(0.0001, 8, few).run(2_000, 10).done < 0.6 * Simulation(0.0001, 8, ONE_QUEUE).run(2_000, 10).done


@given(rate=st.integers(1, 2_000), cores=st.integers(1, 16))
def test_no_more_is_done_than_is_offered_or_than_the_cores_can_do(rate: int, cores: int) -> None:
    done = Simulation(JOB.processor, cores, production()).run(rate, 1.0).done

    assert done <= min(rate * 1.5 + 20, cores / JOB.processor * 1.1)
