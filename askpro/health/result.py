"""A verdict on the queues, with its reasons."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self


class Verdict(StrEnum):
    """From good to bad."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


ORDER = tuple(Verdict)


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong: `value` is above `threshold`. `severity` is what it makes of the whole."""

    code: str
    severity: Verdict
    about: str
    value: float
    threshold: float
    words: str


@dataclass(frozen=True, slots=True)
class HealthCheckResult:
    """The worst issue decides; the issues are sorted, the worst first."""

    status: Verdict
    issues: tuple[Issue, ...]
    checked_at: datetime

    @classmethod
    def of(cls, issues: Iterable[Issue], now: datetime) -> Self:
        found = tuple(sorted(issues, key=lambda issue: (-ORDER.index(issue.severity), issue.code, issue.about)))
        return cls(found[0].severity if found else Verdict.HEALTHY, found, now)

    @property
    def code(self) -> int:
        """The exit code: 0 healthy, 1 degraded, 2 unhealthy."""
        return ORDER.index(self.status)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
