"""Conditions and findings made up for tests."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from askpro.watch.conditions import registry
from askpro.watch.conditions.base import Condition, Finding, Severity
from askpro.watch.incidents import Incidents, Look
from askpro.watch.models import Incident, Notice
from askpro.watch.state import State

BEGIN = datetime(2026, 11, 30, 12, tzinfo=UTC)


def condition(code: str = "late", severity: Severity = Severity.CRITICAL, **more: Any) -> Condition:
    values: dict[str, Any] = {
        "title": "Queue {about} is late",
        "needs": frozenset(),
        "every": 10.0,
        "lasts": 60.0,
        "clears": 120.0,
        "quiet": False,
        "cause": "{jobs} jobs wait.",
        "todo": "Look.",
        "link": "/queues/",
        "find": lambda now: (),
        "thresholds": {},
    }
    return Condition(code=code, severity=severity, **values | more)


@contextmanager
def registered(*conditions: Condition) -> Iterator[None]:
    """Known by their codes, and no others are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "_conditions", {each.code: each for each in conditions})
        yield


class Story:
    """One state, looked at by watchers of several hosts as time goes on; remembers what was told."""

    def __init__(self, *conditions: Condition) -> None:
        self.conditions = conditions
        self.state = State()
        self.now = BEGIN
        self.told: list[Notice] = []

    def look(self, *abouts: str, host: str = "alpha", quiet: bool = False, **finding: Any) -> list[str]:
        """The first condition finds these; gives the kinds of the messages that follow."""
        found = [Finding(about, **{"value": 5.0, "threshold": 1.0, **finding}) for about in abouts]
        return self.see([Look(self.conditions[0], found)], host, quiet)

    def see(self, looks: Sequence[Look], host: str = "alpha", quiet: bool = False) -> list[str]:
        with registered(*self.conditions):
            incidents = Incidents(self.state, self.now, host)
            incidents.see(looks)
            notices = incidents.tell(quiet)
        self.told += notices
        return [notice.kind for notice in notices]

    def wait(self, seconds: float) -> "Story":
        self.now += timedelta(seconds=seconds)
        return self

    def only(self) -> Incident:
        (found,) = self.state.incidents.values()
        return found
