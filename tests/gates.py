"""Lets time pass for gates: their clock is PostgreSQL's, which tests cannot set, so their rows are moved back."""

from datetime import timedelta

import pytest
from django.db.models import F

from askpro.queues.errors import Unreached
from askpro.queues.ledger.gates import Gate
from askpro.queues.models import GateState

MOMENTS = ("full_at", "shut_since", "shut_until", "probe_until", "granted_until")


def let_pass(seconds: float) -> None:
    """Let `seconds` pass at every gate."""
    GateState.objects.update(**{name: F(name) - timedelta(seconds=seconds) for name in MOMENTS})


def shut(gate: Gate) -> None:
    """Let a request fail at this gate, as when the vendor behind it is down."""
    with pytest.raises(Unreached), gate.passing():
        raise Unreached("nobody is there")
