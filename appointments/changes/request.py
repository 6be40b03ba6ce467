"""What is changed about appointments: one function for each change, for everybody who asks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from appointments import follow_ups
from appointments.changes import carrying_out
from appointments.changes.limits import Objection, holds, objection
from appointments.models import Appointment, Change, Detail
from askpro.by_name import job
from askpro.gates import on_the_line
from askpro.queues.errors import JobError
from askpro.queues.units import S
from calls.models import Call

Kind, State = Change.Kind, Change.State

# Seconds after the end of an attempt made while somebody waits: then the job takes over.
JOB_AFTER: Final = 1.0
LONGEST_REASON: Final = 300


@dataclass(frozen=True, slots=True)
class Origin:
    """Who wants a change: through which channel, in which call, or which member of staff."""

    channel: Change.Channel
    call: Call | None = None
    user: Any = None

    @property
    def may_override(self) -> bool:
        """Staff decide for themselves about the company's notice for changes."""
        return self.channel == Change.Channel.CONSOLE


def cancel(appointment: Appointment, by: Origin, reason: str = "", *, patience: float = 0.0) -> Change:
    """Cancel an appointment: at Cal.com first, then here. Returns how far that came.

    `waiting`: a job carries it out; a person is told if that takes long or fails. `done`. `refused`: `detail` says why,
    and it is for the asker to say so. With `patience` it is tried at once, for at most so many seconds; without, the
    wish and its job are written in the caller's transaction. The same wish twice is one change; a new wish replaces
    another one that waits. The customer is told by the messages that follow every change.
    """
    return _change(_Wish(appointment, Kind.CANCEL, None, by, reason), patience)


def move(appointment: Appointment, to: datetime, by: Origin, reason: str = "", *, patience: float = 0.0) -> Change:
    """Move an appointment `to` another time, as `cancel` cancels it, or not at all: nothing else is chosen instead.

    `requested`: the host has to agree first; until then the appointment is not confirmed. If the time is taken it is
    refused with free times nearby in `alternatives`, and the appointment stays where it is.
    """
    return _change(_Wish(appointment, Kind.MOVE, to, by, reason), patience)


def confirm(appointment: Appointment, by: Origin, *, patience: float = 0.0) -> Change:
    """Say the host's yes to an appointment that waits for it, as `cancel` cancels one. The customer is told."""
    return _change(_Wish(appointment, Kind.CONFIRM, None, by), patience)


def decline(appointment: Appointment, by: Origin, reason: str = "", *, patience: float = 0.0) -> Change:
    """Say the host's no, as `cancel` cancels. A follow-up asks somebody to call the customer, who waits for a word."""
    return _change(_Wish(appointment, Kind.DECLINE, None, by, reason), patience)


def note_no_show(appointment: Appointment, by: Origin, *, patience: float = 0.0) -> Change:
    """Note that the customer did not come, once it has begun, as `cancel` cancels. Nobody is told."""
    return _change(_Wish(appointment, Kind.NO_SHOW, None, by), patience)


def note_came(appointment: Appointment, by: Origin, *, patience: float = 0.0) -> Change:
    """Note that the customer came, or take back that they did not, as `note_no_show`."""
    return _change(_Wish(appointment, Kind.CAME, None, by), patience)


@dataclass(frozen=True, slots=True)
class _Wish:
    appointment: Appointment
    kind: Change.Kind
    to: datetime | None
    by: Origin
    reason: str = ""


def _change(wish: _Wish, patience: float) -> Change:
    with transaction.atomic():
        change = _written(wish, patience)
    if patience > 0 and change.state == State.WAITING:
        _carry_out_now(change, patience)
    return change


def _written(wish: _Wish, patience: float) -> Change:
    """The change of this wish: a known one, or a new one with its job."""
    rows = Appointment.objects.select_for_update(of=("self",)).select_related("company", "service", "branch__company")
    appointment = rows.get(pk=wish.appointment.pk)
    if (known := _known(appointment, wish)) is not None:
        return known
    why_not = objection(appointment, wish.kind, wish.to, may_override=wish.by.may_override)
    if why_not is not None:
        return _refused(appointment, wish, why_not)
    for other in appointment.changes.filter(state=State.WAITING):
        other.end(State.REPLACED)
    change = Change.objects.create(**_values(appointment, wish))
    job("carry_out_change").send_with_options(
        kwargs={"change_id": change.pk, "appointment_id": appointment.pk, "company_id": appointment.company_id},
        delay=int((patience + JOB_AFTER) * S) if patience > 0 else None,
    )
    return change


def _known(appointment: Appointment, wish: _Wish) -> Change | None:
    """The newest change if it is the same wish and still holds."""
    newest = appointment.changes.exclude(state=State.REFUSED).first()
    if newest is None or (newest.kind, newest.starts_at) != (wish.kind, wish.to):
        return None
    if newest.state == State.WAITING:
        return newest
    is_so = holds(appointment, wish.kind, wish.to)
    return newest if is_so and newest.state in (State.DONE, State.REQUESTED) else None


def _refused(appointment: Appointment, wish: _Wish, why_not: Objection) -> Change:
    newest = appointment.changes.first()
    detail = {"detail": why_not.detail, "detail_facts": why_not.detail.checked(why_not.facts)}
    values = {"state": State.REFUSED} | detail | _values(appointment, wish)
    if newest is not None and all(getattr(newest, name) == value for name, value in values.items()):
        return newest
    return Change.objects.create(**values)


def _values(appointment: Appointment, wish: _Wish) -> dict[str, Any]:
    # A caller's own words are neither kept nor sent to a host if they may not be stored.
    is_quotable = wish.by.call is None or wish.by.call.may_be_quoted
    return {
        "company": appointment.company,
        "appointment": appointment,
        "kind": wish.kind,
        "channel": wish.by.channel,
        "call": wish.by.call,
        "user": wish.by.user,
        "reason": " ".join(wish.reason.split())[:LONGEST_REASON] if is_quotable else "",
        "before": appointment.starts_at,
        "starts_at": wish.to,
    }


def _carry_out_now(change: Change, patience: float) -> None:
    """Try it while somebody waits. What goes wrong is left to the job, and a person knows of it until then."""
    try:
        with on_the_line(patience):
            carrying_out.carry_out(change.pk, is_answered=True)
    except JobError:
        pass
    change.refresh_from_db()
    if change.state == State.WAITING:
        follow_ups.open_for_change(change, Detail.CHANGE_WAITS)
