"""Which gate a vendor's key has, and limits that cannot be meant."""

from typing import Any

import pytest

from askpro import gates
from askpro.gates import LEAST, LIMITS, check_limits
from askpro.queues.ledger.gates import LATE, Gate


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize(
    ("value", "is_wrong"), [(0, False), (LEAST, False), (120, False), (LEAST - 1, True), (-5, True)]
)
def test_a_limit_leaves_room_for_everybody_or_is_none(settings: Any, name: str, value: int, is_wrong: bool) -> None:
    setattr(settings, name, value)
    assert [error.id for error in check_limits()] == (["askpro.E006"] if is_wrong else [])


def test_a_gate_tells_nothing_of_its_key() -> None:
    one, same, other = (gates.calcom(key).name for key in ("cal_secret_1", "cal_secret_1", "cal_secret_2"))
    assert one == same != other
    assert "secret" not in one


@pytest.mark.parametrize("limit", [LEAST, 60, 120, 1000, 100_000])
def test_a_burst_and_what_follows_it_stay_within_the_limit(limit: int) -> None:
    gate = Gate("vendor", limit)
    assert gate.burst + (60 + LATE) / gate.spacing <= limit + 1e-6
