"""The phases of a run, in their order."""

from dataclasses import dataclass
from enum import Enum

from askpro.dev.bench.pressure.disturbances import (
    Burst,
    Disturbance,
    IdleConnections,
    KilledWorkers,
    OpenTransaction,
    Readers,
    RestartedServer,
    TerminatedBackends,
)


class Judged(Enum):
    """Which starts of a phase are held to the clean ones. Where more is offered than can be done, waiting is no fault
    of the engine: an overload is not judged, a burst once it has been worked off."""

    WHOLE = "all of it"
    LAST_THIRD = "its last third"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Phase:
    """`overload` is the offer as a multiple of the capacity; 0 is the usual offer."""

    name: str
    disturbance: type[Disturbance] = Disturbance
    overload: float = 0.0
    judged: Judged = Judged.WHOLE
    # It stops PostgreSQL or takes all its connections, and so must not share it with others.
    needs_own_server: bool = False


CLEAN = Phase("clean")
PHASES = (
    CLEAN,
    Phase("open-transaction", OpenTransaction),
    Phase("readers", Readers),
    Phase("overload", overload=1.5, judged=Judged.NOT),
    Phase("burst", Burst, judged=Judged.LAST_THIRD),
    Phase("terminated-backends", TerminatedBackends),
    Phase("idle-connections", IdleConnections, needs_own_server=True),
    Phase("killed-workers", KilledWorkers),
    Phase("restarted-server", RestartedServer, needs_own_server=True),
)
NAMES = tuple(phase.name for phase in PHASES)


def chosen(names: str) -> tuple[Phase, ...]:
    """The phases of a list such as "clean,burst", the clean one always, since the others are compared with it.

    Raises `ValueError` that names an unknown one.
    """
    wanted = {name.strip() for name in names.split(",") if name.strip()}
    if unknown := wanted - set(NAMES):
        raise ValueError(f"no phase {sorted(unknown)}; there are {', '.join(NAMES)}")
    return tuple(phase for phase in PHASES if phase is CLEAN or phase.name in wanted)
