"""From where on something is wrong with the queues: data, which `HEALTH_THRESHOLDS` may set otherwise."""

from dataclasses import dataclass, replace
from typing import Final

from django.conf import settings

# Seconds over which deaths of jobs count: of those of last week nobody has to be told any more.
DEAD_WITHIN: Final = 3600.0
# Seconds, beyond its queue's promise, after which a canary that has not begun makes way for the next.
CANARY_EXPIRES: Final = 900.0


@dataclass(frozen=True, slots=True)
class Threshold:
    """Above `degraded` people should look, above `unhealthy` at once. `meaning` says what is compared, and its unit."""

    degraded: float
    unhealthy: float
    meaning: str


THRESHOLDS: Final = {
    "ready": Threshold(1_000, 10_000, "ready jobs of one queue"),
    "late": Threshold(1, 10, "age of a queue's oldest ready job, as a multiple of its promise"),
    "dead": Threshold(4, 49, "jobs of one queue that died within an hour"),
    "dead_urgent": Threshold(0, 9, "the same for an urgent queue"),
    "canary": Threshold(180, 600, "seconds, beyond its queue's promise, since a queue's canary came through"),
    "silent": Threshold(15, 60, "seconds since a supervisor's last heartbeat, while another one lives"),
    "stuck": Threshold(7, 60, "seconds since a worker's last sign of life"),
    "paused": Threshold(900, 86_400, "seconds for which a queue has been paused"),
}


def threshold(name: str) -> Threshold:
    """The installation's threshold of this name. Raises `ValueError` for settings that cannot be meant."""
    return thresholds()[name]


def thresholds() -> dict[str, Threshold]:
    """All of them. Raises `ValueError`, with the fix, when HEALTH_THRESHOLDS cannot be read."""
    found = dict(THRESHOLDS)
    for name, written in settings.HEALTH_THRESHOLDS.items():
        which, _, level = name.partition(".")
        if which not in found or level not in ("degraded", "unhealthy"):
            known = ", ".join(f"{each}.degraded, {each}.unhealthy" for each in THRESHOLDS)
            raise ValueError(f"HEALTH_THRESHOLDS names {name}, which is none of {known}.")
        number, usual = _number(name, written), found[which]
        found[which] = replace(usual, degraded=number) if level == "degraded" else replace(usual, unhealthy=number)
    for name, each in found.items():
        if each.unhealthy < each.degraded:
            raise ValueError(f"HEALTH_THRESHOLDS makes {name}.unhealthy smaller than {name}.degraded.")
    return found


def _number(name: str, written: object) -> float:
    try:
        number = float(str(written))
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise ValueError(f"HEALTH_THRESHOLDS gives {name} no number from 0 on.")
    return number
