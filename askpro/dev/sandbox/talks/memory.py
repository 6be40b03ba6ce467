"""What a caller believes after the conversation: exactly what she was told."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from askpro.dev.sandbox.world import TIMEZONE, EventType

NOTHING: Final = ""


@dataclass(slots=True)
class Belief:
    """One appointment that she believes she has. `may_be` are the starts, in UTC, that what she was told allows:
    one for a fact, more while something is still to be confirmed, and `NOTHING` where it may come to nothing. `staff`
    is with whom she was told it is, at the first of these starts.
    """

    event_type: EventType
    may_be: tuple[str, ...]
    appointment: str = ""
    staff: str = ""
    waits_for_host: bool = False

    @property
    def is_certain(self) -> bool:
        return len(self.may_be) == 1

    def listed(self) -> dict[str, Any]:
        return {
            "event_type": self.event_type.id,
            "may_be": list(self.may_be),
            "appointment": self.appointment,
            "staff": self.staff,
            "waits_for_host": self.waits_for_host,
        }


@dataclass(slots=True)
class Memory:
    """`promises` are what she was told would still come: "booking", "change", "callback"."""

    beliefs: list[Belief] = field(default_factory=list)
    promises: list[str] = field(default_factory=list)

    def booked(self, event_type: EventType, data: dict[str, Any], waits_for_host: bool) -> Belief:
        """She was told that an appointment is hers, perhaps not for the first time."""
        start = start_of(data)
        known = self._find(event_type, start)
        if known is None:
            known = Belief(event_type, (start,))
            self.beliefs.append(known)
        self._keep_promise(known)
        known.may_be, known.waits_for_host = (start,), waits_for_host
        known.appointment, known.staff = str(data.get("appointment", "")), str(data.get("staff", ""))
        return known

    def pending(self, event_type: EventType, start: datetime, data: dict[str, Any]) -> Belief:
        """She was told that it will be confirmed."""
        known = self._find(event_type, _utc(start))
        if known is None:
            known = self.unheard(event_type, start)
            known.appointment = str(data.get("appointment", ""))
            self.promises.append("booking")
        return known

    def unheard(self, event_type: EventType, start: datetime) -> Belief:
        """She has asked for it, and heard no answer."""
        belief = Belief(event_type, (_utc(start), NOTHING))
        self.beliefs.append(belief)
        return belief

    def cancelled(self, belief: Belief) -> None:
        self._keep_promise(belief)
        self.beliefs.remove(belief)

    def moved(self, belief: Belief, start: datetime, data: dict[str, Any], waits_for_host: bool) -> None:
        belief.may_be, belief.waits_for_host = (_utc(start),), waits_for_host
        belief.staff = str(data.get("staff", ""))

    def change_pending(self, belief: Belief, start: datetime | None) -> None:
        """She was told that the move, or without `start` the cancellation, will be confirmed."""
        belief.may_be = tuple(dict.fromkeys((*belief.may_be, _utc(start) if start else NOTHING)))
        self.promises.append("change")

    def listed(self) -> dict[str, Any]:
        return {"beliefs": [belief.listed() for belief in self.beliefs], "promises": list(self.promises)}

    def _keep_promise(self, belief: Belief) -> None:
        """What she was to be told later, she hears now."""
        if not belief.is_certain and "booking" in self.promises:
            self.promises.remove("booking")

    def _find(self, event_type: EventType, start: str) -> Belief | None:
        return next((b for b in self.beliefs if b.event_type is event_type and start in b.may_be), None)


def start_of(data: dict[str, Any]) -> str:
    """The start that `date` and `time` of an answer name, in UTC. Raises ValueError when they name none."""
    local = datetime.fromisoformat(f"{data['date']}T{data['time']}").replace(tzinfo=ZoneInfo(TIMEZONE))
    return _utc(local)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
