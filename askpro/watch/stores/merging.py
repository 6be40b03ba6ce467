"""Two states that went apart made one: what was told anywhere is not told again, what was begun is ended once. Pure."""

from datetime import datetime

from askpro.watch.models import Delivery, Incident
from askpro.watch.state import State

Status = Incident.Status


def merge(state: State, other: State) -> None:
    """Bring what `other` knows into `state`, which people see and change."""
    for mute in other.mutes.values():
        state.mutes.setdefault(mute.pk, mute)
    for incident in other.incidents.values():
        _merge_incident(state, incident)
    for delivery in other.deliveries.values():
        ours = state.deliveries.get(delivery.pk)
        if ours is None:
            state.put(delivery.notice, delivery)
        elif ours.status == Delivery.Status.WAITING:
            _take_over(ours, delivery)


def _merge_incident(state: State, theirs: Incident) -> None:
    same = state.incidents.get(theirs.pk)
    if same is None and theirs.status != Status.OVER:
        # Each host may have begun it for itself.
        same = state.unfinished(theirs.code).get(theirs.about)
    if same is None:
        state.put(theirs)
    else:
        _combine(same, theirs)


def _combine(ours: Incident, theirs: Incident) -> None:
    """What either of them has told, ended or been told by a person holds."""
    if theirs.seen_at > ours.seen_at:
        for name in ("seen_at", "value", "facts", "host", "threshold"):
            setattr(ours, name, getattr(theirs, name))
    ours.began_at = min(ours.began_at, theirs.began_at)
    ours.worst = max(ours.worst, theirs.worst)
    ours.tellings = max(ours.tellings, theirs.tellings)
    for name in ("told_at", "next_at", "escalated_at", "acknowledged_at", "over_at", "over_told_at"):
        setattr(ours, name, _latest(getattr(ours, name), getattr(theirs, name)))
    ours.acknowledged_by = ours.acknowledged_by or theirs.acknowledged_by
    ours.status = _further(ours.status, theirs.status)


def _latest(ours: datetime | None, theirs: datetime | None) -> datetime | None:
    return max((each for each in (ours, theirs) if each is not None), default=None)


def _further(ours: str, theirs: str) -> str:
    order = (Status.PENDING, Status.OPEN, Status.OVER)
    return max(ours, theirs, key=lambda status: order.index(Status(status)))


def _take_over(ours: Delivery, theirs: Delivery) -> None:
    if theirs.status != Delivery.Status.WAITING or theirs.tries > ours.tries:
        for name in ("status", "tries", "next_at", "error", "sent_at"):
            setattr(ours, name, getattr(theirs, name))
