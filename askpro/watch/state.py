"""All that the watchers know together, wherever it is stored; what it says follows from the findings and the time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from askpro.watch.models import Delivery, Incident, Mute, Notice

Record = Incident | Mute | Notice | Delivery


@dataclass(slots=True)
class State:
    """What is alive: incidents that are not over and told, waiting deliveries with their notices, and mutes."""

    incidents: dict[UUID, Incident] = field(default_factory=dict)
    mutes: dict[UUID, Mute] = field(default_factory=dict)
    notices: dict[UUID, Notice] = field(default_factory=dict)
    deliveries: dict[UUID, Delivery] = field(default_factory=dict)

    def put(self, *records: Record) -> None:
        for record in records:
            self._shelf(record)[record.pk] = record

    def records(self) -> Iterator[Record]:
        """Notices before their deliveries."""
        shelves: tuple[dict[UUID, Any], ...] = (self.incidents, self.mutes, self.notices, self.deliveries)
        for shelf in shelves:
            yield from shelf.values()

    def unfinished(self, code: str) -> dict[str, Incident]:
        """A condition's incidents that are not over, by what they are about."""
        return {
            each.about: each
            for each in self.incidents.values()
            if each.code == code and each.status != Incident.Status.OVER
        }

    def is_muted(self, incident: Incident, now: datetime) -> bool:
        return any(mute.covers(incident, now) for mute in self.mutes.values())

    def forget(self, incident: Incident) -> None:
        del self.incidents[incident.pk]

    def prune(self) -> None:
        """Leave out what nobody has to do anything about any more."""
        self.incidents = {pk: each for pk, each in self.incidents.items() if each.is_live}
        waiting = Delivery.Status.WAITING
        self.deliveries = {pk: each for pk, each in self.deliveries.items() if each.status == waiting}
        needed = {each.notice_id for each in self.deliveries.values()}
        self.notices = {pk: each for pk, each in self.notices.items() if pk in needed}

    def _shelf(self, record: Record) -> dict[UUID, Any]:
        shelves: dict[type[Record], dict[UUID, Any]] = {
            Incident: self.incidents,
            Mute: self.mutes,
            Notice: self.notices,
            Delivery: self.deliveries,
        }
        return shelves[type(record)]


def of(records: Iterable[Record]) -> State:
    state = State()
    state.put(*records)
    return state
