"""Cancels or moves the appointment that an SMS was about, when its customer answers so."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.utils import timezone

from appointments.changes.limits import is_ahead
from appointments.changes.request import Origin, cancel, move
from appointments.models import Appointment, Change
from appointments.replies.words import Wish
from calls.german.moment import Moment
from calls.german.opening_hours import InvalidOpeningHours, OpeningHours
from calls.german.time import parse_wish
from notifications.models import Notification
from notifications.text.places import zone_of

BY_SMS: Final = Origin(Change.Channel.SMS)


def change(wish: Wish, words: str, messages: Iterable[Notification], said_at: datetime) -> Change | None:
    """The change of the one appointment that these messages told this number of; None if a person must decide.

    `words` are the whole answer. It names no appointment, and means the one that was told of, if only one of those lies
    ahead. The new time is read by the clock of the moment at which it came in; if it is not one time, nothing is moved.
    """
    told_of = {message.appointment_id: message.appointment for message in messages if message.appointment is not None}
    known = list(told_of.values())
    if (done := _done_before(wish, known, said_at)) is not None:
        return done
    ahead = [appointment for appointment in known if is_ahead(appointment, timezone.now())]
    if len(ahead) != 1:
        return None
    if wish.kind == Change.Kind.CANCEL:
        return cancel(ahead[0], BY_SMS, words)
    starts_at = _moment(wish.when, ahead[0], said_at)
    return move(ahead[0], starts_at, BY_SMS, words) if starts_at is not None else None


def _done_before(wish: Wish, known: list[Appointment], said_at: datetime) -> Change | None:
    """What this answer has changed already: it may be worked on again, or the customer may have sent it twice."""
    rows = Change.objects.filter(appointment__in=known, kind=wish.kind, channel=BY_SMS.channel)
    if wish.kind == Change.Kind.MOVE:
        return rows.filter(created_at__gte=said_at).exclude(state=Change.State.REFUSED).first()
    if any(is_ahead(appointment, timezone.now()) for appointment in known):
        return None
    return rows.filter(state=Change.State.DONE, appointment__starts_at__gt=timezone.now()).first()


def _moment(words: str, appointment: Appointment, said_at: datetime) -> datetime | None:
    branch = appointment.branch
    try:
        hours = OpeningHours.from_json(branch.opening_hours) if branch else OpeningHours()
    except InvalidOpeningHours:
        hours = OpeningHours()
    said = parse_wish(words, "", said_at=said_at, zone=zone_of(appointment), opening_hours=hours)
    return said.starts_at if isinstance(said, Moment) else None
