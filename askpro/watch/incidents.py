"""Begins, keeps and ends incidents by what was found, and decides when people are told. Pure: it knows no clock and no
store, and changes nothing but the state that it is given.

What holds, whatever is found and whenever (tests/watch/test_incidents.py tries it):

- A begin is told once, after it has held for `lasts` seconds. Whose begin was told, its end is told, once.
- What a watcher does not know it neither begins nor ends.
- Several watchers that see different things keep an incident open for as long as one of them sees it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from askpro.watch import message
from askpro.watch.conditions.base import Condition, Finding, Severity
from askpro.watch.conditions.registry import by_code
from askpro.watch.models import Incident, Notice
from askpro.watch.state import State

Kind = Notice.Kind
Status = Incident.Status

# Seconds from one repetition to the next; the last one from then on.
PAUSES: Final = (900.0, 3600.0, 14_400.0, 86_400.0)
# Seconds that a critical incident may be unacknowledged.
PATIENCE: Final = 1800.0
# It is told again when it has grown by this factor, though not more often than every so many seconds.
GROWN: Final = 10.0
GROWTH_PAUSE: Final = 300.0
# What one look may find; more of them say no more.
MOST: Final = 50
# Seconds after which a condition that no watcher looks at any more is not believed.
FORGOTTEN: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Look:
    """What a condition found; None where its source did not answer."""

    condition: Condition
    findings: Sequence[Finding] | None


class Incidents:
    """One round: `see` what was found, then `tell`. `pace` multiplies all times."""

    def __init__(self, state: State, now: datetime, host: str, pace: float = 1.0) -> None:
        self._state = state
        self._now = now
        self._host = host
        self._pace = pace

    def see(self, looks: Iterable[Look]) -> None:
        for look in looks:
            if look.findings is not None:
                self._see(look.condition, look.findings[:MOST])
        for incident in list(self._state.incidents.values()):
            if incident.status != Status.OVER and self._passed(incident.seen_at) >= FORGOTTEN:
                self._end(incident)

    def tell(self, is_quiet: bool) -> list[Notice]:
        """The messages that are due now. During quiet hours, warnings that wait for the morning are held back."""
        due: list[tuple[Kind, Incident]] = []
        for incident in self._state.incidents.values():
            kind = self._due(incident)
            if kind is None:
                continue
            if is_quiet and _waits(incident):
                incident.is_held = True
                continue
            due.append((Kind.MORNING if incident.is_held else kind, incident))
        notices = [self._notice(kind, incidents) for kind, incidents in _grouped(due)]
        for kind, incident in due:
            self._told(incident, kind)
        return notices

    def _see(self, condition: Condition, findings: Sequence[Finding]) -> None:
        known = self._state.unfinished(condition.code)
        found = {finding.about: finding for finding in findings}
        for about, finding in found.items():
            incident = known.get(about) or self._first_seen(condition, finding)
            self._update(incident, condition, finding)
            if incident.status == Status.PENDING and self._passed(incident.began_at) >= condition.lasts * self._pace:
                incident.status = Status.OPEN
        for about, incident in known.items():
            if about not in found:
                self._miss(incident, condition)

    def _first_seen(self, condition: Condition, finding: Finding) -> Incident:
        incident = Incident(code=condition.code, about=finding.about, began_at=self._now, seen_at=self._now)
        self._state.put(incident)
        return incident

    def _update(self, incident: Incident, condition: Condition, finding: Finding) -> None:
        incident.severity = condition.severity
        incident.host = self._host
        # Another watcher's clock may be ahead.
        incident.seen_at = max(incident.seen_at, self._now)
        if finding.since is not None:
            incident.began_at = min(incident.began_at, finding.since)
        incident.value, incident.threshold = finding.value, finding.threshold
        incident.worst = finding.value if incident.worst == 0 else max(incident.worst, finding.value)
        incident.facts = dict(finding.facts)

    def _miss(self, incident: Incident, condition: Condition) -> None:
        unseen = self._passed(incident.seen_at)
        if condition.local and incident.host != self._host:
            return
        if incident.status == Status.PENDING:
            # Another watcher, which looks as often, may see it.
            if unseen >= 0.9 * condition.every * self._pace:
                self._state.forget(incident)
        elif unseen >= condition.clears * self._pace:
            self._end(incident)

    def _end(self, incident: Incident) -> None:
        if incident.status == Status.PENDING:
            self._state.forget(incident)
            return
        incident.status = Status.OVER
        incident.over_at = self._now

    def _due(self, incident: Incident) -> Kind | None:
        if incident.status == Status.OVER:
            return Kind.OVER if incident.told_at and not incident.over_told_at else None
        if incident.status == Status.PENDING or self._state.is_muted(incident, self._now):
            return None
        if incident.told_at is None:
            return Kind.BEGAN
        if self._has_grown(incident):
            return Kind.GREW
        if incident.acknowledged_at is not None:
            return None
        if self._is_ignored(incident):
            return Kind.ESCALATED
        return Kind.LASTS if incident.next_at is None or incident.next_at <= self._now else None

    def _has_grown(self, incident: Incident) -> bool:
        most = GROWN * max(abs(incident.told_value), abs(incident.threshold), 1e-9)
        last = incident.next_at - self._pause(incident) if incident.next_at else incident.told_at
        return incident.value >= most and self._passed(last) >= GROWTH_PAUSE * self._pace

    def _is_ignored(self, incident: Incident) -> bool:
        return (
            incident.severity == Severity.CRITICAL
            and incident.escalated_at is None
            and self._passed(incident.told_at) >= PATIENCE * self._pace
        )

    def _told(self, incident: Incident, kind: Kind) -> None:
        incident.is_held = False
        if incident.status == Status.OVER:
            incident.over_told_at = self._now
            return
        incident.told_at = incident.told_at or self._now
        incident.told_value = incident.value
        incident.tellings += 1
        incident.next_at = self._now + self._pause(incident)
        if kind == Kind.ESCALATED:
            incident.escalated_at = self._now

    def _pause(self, incident: Incident) -> timedelta:
        nth = min(max(incident.tellings, 1), len(PAUSES))
        return timedelta(seconds=PAUSES[nth - 1] * self._pace)

    def _notice(self, kind: Kind, incidents: list[Incident]) -> Notice:
        notice = message.notice(kind, incidents, self._now)
        self._state.put(notice, *message.deliveries(notice, self._now))
        return notice

    def _passed(self, since: datetime | None) -> float:
        return (self._now - since).total_seconds() if since is not None else float("inf")


def _waits(incident: Incident) -> bool:
    condition = by_code(incident.code)
    return incident.severity != Severity.CRITICAL and condition is not None and condition.quiet


def _grouped(due: list[tuple[Kind, Incident]]) -> list[tuple[Kind, list[Incident]]]:
    """One message for what is told of one condition at once; one for all that the night has brought."""
    key: Callable[[tuple[Kind, Incident]], tuple[str, ...]] = lambda each: (  # noqa: E731
        (each[0],) if each[0] == Kind.MORNING else (each[0], each[1].code)
    )
    return [(Kind(kind), [each for _, each in group]) for (kind, *_), group in groupby(sorted(due, key=key), key=key)]
