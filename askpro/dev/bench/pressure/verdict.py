"""What a phase has measured, and whether that is good enough."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from askpro.dev.bench.figures import percentile
from askpro.dev.bench.pressure.phases import CLEAN, Judged, Phase

# The share of the smaller of offer and capacity that must be done.
ENOUGH = 0.95
# How many times the clean p99 a p99 may be, and how many times its first third's that of the last third, plus so many
# milliseconds, by which it moves by itself.
SLOWER = 3.0
GROWTH, NOISE = 1.5, 25.0
# Seconds within which a side must be as before.
BACK_WITHIN = 10.0
# So many seconds in a row must be as clean ones: with at least this share of the offer, and a p99 that only one clean
# second in twenty exceeded.
IN_A_ROW = 3
STARTED = 0.9
USUAL = 0.95


@dataclass(frozen=True, slots=True)
class PickUp:
    """Milliseconds from a job's sending to its start, over a phase and in its first and last third."""

    p50: float
    p99: float
    first_third: float
    last_third: float


@dataclass(frozen=True, slots=True)
class Second:
    """The starts in one second, and their p99 in milliseconds; None without any."""

    started: int
    p99: float | None


@dataclass(frozen=True, slots=True)
class Back:
    """The end of a phase. Seconds until the backlog was gone, and from then until all was as clean; None: not seen."""

    drained: float | None = 0.0
    clean: int | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """One phase. Rates in jobs a second while PostgreSQL ran, sizes in bytes, times per job in seconds."""

    phase: Phase
    seconds: float
    away: float
    offered: float
    done: float
    pick_up: PickUp | None
    dead_rows: int
    size: int
    wal: float
    workers: float
    postgres: float | None
    updates: float
    hot: float
    claims: float | None
    strangers: float
    back: Back = field(default_factory=Back)

    def as_json(self) -> dict[str, Any]:
        found = asdict(self) | {"phase": self.phase.name}
        return {name: _rounded(value) for name, value in found.items()}


@dataclass(frozen=True, slots=True)
class Verdict:
    """None: not judged."""

    rate: bool
    pick_up: bool | None
    steady: bool | None
    back: bool | None

    @property
    def is_met(self) -> bool:
        return False not in (self.rate, self.pick_up, self.steady, self.back)


def judge(measured: Measured, clean: Measured, capacity: float) -> Verdict:
    """Hold a phase to the clean one of the same run."""
    rate = measured.done >= ENOUGH * min(measured.offered, capacity)
    found, usual, phase = measured.pick_up, clean.pick_up, measured.phase
    if found is None or usual is None:
        return Verdict(rate, False, False, _is_back(measured))
    p99 = found.last_third if phase.judged is Judged.LAST_THIRD else found.p99
    grows = found.last_third > GROWTH * found.first_third + NOISE and found.last_third > usual.p99
    is_judged = phase.judged is not Judged.NOT
    return Verdict(
        rate,
        p99 <= SLOWER * usual.p99 if is_judged and phase is not CLEAN else None,
        not grows if is_judged else None,
        None if phase is CLEAN else _is_back(measured),
    )


def pick_up(starts: Iterable[tuple[float, float]], began: float, ended: float) -> PickUp | None:
    """Of starts (when, milliseconds waited) between two moments; None when a third has none."""
    third = (ended - began) / 3
    thirds: tuple[list[float], list[float], list[float]] = ([], [], [])
    for at, waited in starts:
        thirds[min(2, int((at - began) / third))].append(waited)
    if not all(thirds):
        return None
    together = [waited for part in thirds for waited in part]
    return PickUp(
        percentile(together, 0.5), percentile(together, 0.99), percentile(thirds[0], 0.99), percentile(thirds[2], 0.99)
    )


def by_second(starts: Iterable[tuple[float, float]], began: float, ended: float) -> list[Second]:
    """The whole seconds between two moments."""
    seconds: list[list[float]] = [[] for _ in range(int(ended - began))]
    for at, waited in starts:
        if 0 <= (index := int(at - began)) < len(seconds):
            seconds[index].append(waited)
    return [Second(len(each), percentile(each, 0.99) if each else None) for each in seconds]


def usual_second(clean: Sequence[Second]) -> Second:
    """What a second must reach to count as clean: so many starts, and no longer a p99."""
    slowest = [each.p99 for each in clean if each.p99 is not None]
    started = sum(each.started for each in clean) / max(1, len(clean))
    return Second(int(started * STARTED), percentile(slowest, USUAL) if slowest else None)


def clean_after(seconds: Sequence[Second], usual: Second) -> int | None:
    """The first second from which some in a row are as clean ones; None when there is no such second."""
    good = [_is_clean(each, usual) for each in seconds]
    return next((n for n in range(len(good) - IN_A_ROW + 1) if all(good[n : n + IN_A_ROW])), None)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return round(value, 6) if isinstance(value, float) else value


def _is_clean(second: Second, usual: Second) -> bool:
    if second.p99 is None or usual.p99 is None:
        return False
    return second.started >= usual.started and second.p99 <= usual.p99


def _is_back(measured: Measured) -> bool:
    return measured.back.clean is not None and measured.back.clean <= BACK_WITHIN
