"""Time for gates: their moments are PostgreSQL's, which no test can move; so the rows move the other way."""

from datetime import timedelta

import pytest
from django.db.models import F

from askpro.queues.errors import Unreached
from askpro.queues.ledger.gates import Gate
from askpro.queues.models import GateState

MOMENTS = ("full_at", "shut_since", "shut_until", "probe_until")


def let_pass(seconds: float) -> None:
    """So many seconds pass at every gate."""
    GateState.objects.update(**{name: F(name) - timedelta(seconds=seconds) for name in MOMENTS})


def shut(gate: Gate) -> None:
    """Whoever is behind this gate is away."""
    with pytest.raises(Unreached), gate.passing():
        raise Unreached("nobody is there")
