"""The result of a measurement: our rounds, the peer's rounds in the same run, and the target."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """`of` says what is compared with the target: the ratio, or our own figure."""

    of: str
    at_least: float | None = None
    at_most: float | None = None

    def is_met(self, value: float) -> bool:
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    def __str__(self) -> str:
        bound = f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"
        return f"{bound} ×" if self.of == "ratio" else bound


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. The two sides took turns; `strangers` is other programs' share in each round, 0 to 1.

    A figure that is not compared is shown beside its peer only to give an idea of its size.
    """

    measure: str
    unit: str
    ours: Sequence[float]
    peer: Sequence[float]
    peer_name: str
    target: Target | None = None
    less_is_better: bool = False
    is_compared: bool = True
    strangers: Sequence[float] = ()

    @property
    def ratio(self) -> float:
        """How many times better we are: the median of the ratios of each round, since noise comes and goes."""
        pairs = zip(self.ours, self.peer, strict=True)
        return median(theirs / mine if self.less_is_better else mine / theirs for mine, theirs in pairs)

    @property
    def is_met(self) -> bool | None:
        """None without a target."""
        if self.target is None:
            return None
        return self.target.is_met(self.ratio if self.target.of == "ratio" else median(self.ours))

    def as_json(self) -> dict[str, Any]:
        return {
            "measure": self.measure,
            "unit": self.unit,
            "askpro": median(self.ours),
            "peer": median(self.peer),
            "peer_name": self.peer_name,
            "ratio": round(self.ratio, 3) if self.is_compared else None,
            "target": str(self.target) if self.target else None,
            "met": self.is_met,
            "rounds": {"askpro": list(self.ours), "peer": list(self.peer)},
            "strangers": [round(share, 2) for share in self.strangers],
        }


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * round(share * 1000) // 1000) - 1))]
