"""The caller's own appointments: found, cancelled and moved while she is on the line.

By the number that calls, never by one that is said; a withheld one has what was booked in this very call.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet

from appointments.changes.request import Origin, cancel, move
from appointments.models import Appointment, Change, Detail
from askpro.reading import number as whole_number
from calls.functions import own
from calls.functions.asking import about_time
from calls.functions.booking import may_be_texted
from calls.functions.conversation import MOST_CHOICES, Answer, Conversation, Outcome
from calls.german.moment import Moment, Reason
from calls.models import Branch, FunctionCall
from calls.requests.matching import match_service, the_one
from calls.requests.moments import moment_of

State, Channel = Change.State, Change.Channel
# A day was said, alone or with a part of it.
DAY_ONLY: Final = (Reason.NO_TIME, Reason.WINDOW_ONLY, Reason.AMBIGUOUS_TIME)
OLD_DATE: Final = ("old_date", "altes_datum", "alter_termin")
NEW: Final = ("new_date", "neues_datum", "new_time", "neue_uhrzeit")
OLD_TIME: Final = ("old_time", "alte_uhrzeit")
# Why a change was refused → what is said; all others: a person can help.
_REFUSED: Final = {
    Detail.CHANGE_NOTICE: "change_too_late",
    Detail.TIME_OVER: "past_date",
    Detail.SHORT_NOTICE: "short_notice",
    Detail.TOO_FAR_AHEAD: "too_far",
}


def find_appointment(conversation: Conversation) -> Answer:
    """The caller's upcoming appointments."""
    found = _own(conversation)
    if isinstance(found, Answer):
        return found
    data = {"appointments": [_described(conversation, each) for each in found]}
    if len(found) == 1:
        code = "found" if found[0].is_agreed else "found_waiting"
        return Answer(Outcome.TOLD, "found", conversation.say(code, appointment=_named(conversation, found[0])), data)
    choices = conversation.any_of([_named(conversation, each) for each in found[:MOST_CHOICES]])
    return Answer(Outcome.TOLD, "found", conversation.say("found_several", choices=choices), data)


def cancel_appointment(conversation: Conversation) -> Answer:
    """Cancel the one appointment that is meant."""
    asked = conversation.asked
    statement = asked.statement
    words = (statement.text("date") or asked.text(*OLD_DATE), statement.text("time") or asked.text(*OLD_TIME))
    said = moment_of(conversation.call, conversation.branch, *words)
    if isinstance(said, Moment) and _done(conversation, Outcome.CANCELLED).filter(starts_at=said.starts_at).exists():
        return _cancelled_before(conversation, said.starts_at)
    appointment = _meant(conversation, *words)
    if isinstance(appointment, Answer):
        return appointment
    by = Origin(Channel.PHONE, call=conversation.call)
    change = cancel(appointment, by, asked.text("reason", "grund"), patience=conversation.patience)
    if change.state == State.DONE:
        when = conversation.when(appointment.starts_at, appointment.branch)
        return _settled(conversation, appointment, Outcome.CANCELLED, "cancelled", appointment.starts_at, when)
    return _not_done(conversation, appointment, change, appointment.starts_at)


def reschedule_appointment(conversation: Conversation) -> Answer:
    """Move the one appointment that is meant to the time that is named, and to no other."""
    asked = conversation.asked
    appointment = _moved_before(conversation) or _meant(conversation, *_old_words(conversation))
    if isinstance(appointment, Answer):
        return appointment
    to = _new_time(conversation, appointment)
    if isinstance(to, Answer):
        return to
    when = conversation.when(to, appointment.branch)
    if to == appointment.starts_at:
        return _settled(conversation, appointment, Outcome.MOVED, "moved", to, when)
    by = Origin(Channel.PHONE, call=conversation.call)
    change = move(appointment, to, by, asked.text("reason", "grund"), patience=conversation.patience)
    if change.state == State.DONE:
        return _moved(conversation, appointment, to, when)
    if change.state == State.REQUESTED:
        return _settled(conversation, appointment, Outcome.REQUESTED, "move_requested", to, when)
    return _not_done(conversation, appointment, change, to)


def _moved(conversation: Conversation, before: Appointment, to: datetime, when: str) -> Answer:
    """Cal.com chooses among the hosts of a team anew: who has time then is said where it is somebody else."""
    after = Appointment.objects.select_related("branch__company", "service", "staff").get(pk=before.pk)
    if after.staff is None or after.staff_id == before.staff_id:
        return _settled(conversation, after, Outcome.MOVED, "moved", to, when)
    return _settled(conversation, after, Outcome.MOVED, "moved_to_other", to, when, staff=after.staff.name)


def _moved_before(conversation: Conversation) -> Appointment | None:
    """The appointment that an earlier request of this call has moved to the wished time; its old time is said again."""
    statement = conversation.asked.statement
    said = moment_of(conversation.call, conversation.branch, statement.text("date"), statement.text("time"))
    if not isinstance(said, Moment) or not _done(conversation, Outcome.MOVED).filter(starts_at=said.starts_at).exists():
        return None
    return next((each for each in own.upcoming(conversation.call) if each.starts_at == said.starts_at), None)


def _old_words(conversation: Conversation) -> tuple[str, str]:
    """Day and time of the appointment to be moved: the plain fields mean it where others have the new time."""
    asked = conversation.asked
    plain = ("date", "datum"), ("time", "uhrzeit")
    day, clock = plain if asked.text(*NEW) else ((), ())
    return asked.text(*OLD_DATE, *day), asked.text(*OLD_TIME, *clock)


def _own(conversation: Conversation) -> list[Appointment] | Answer:
    found = [*own.upcoming(conversation.call), *own.reserved(conversation.call)]
    if found:
        return sorted(found, key=lambda appointment: appointment.starts_at)
    if own.number_of(conversation.call) is None:
        return Answer(Outcome.NOT_DONE, "anonymous", conversation.say("anonymous"))
    return _none(conversation)


def _none(conversation: Conversation) -> Answer:
    """Nothing is ahead: perhaps because it was cancelled a minute ago."""
    before = _done(conversation, Outcome.CANCELLED).last()
    if before is not None and before.starts_at is not None:
        return _cancelled_before(conversation, before.starts_at)
    return Answer(Outcome.TOLD, "none", conversation.say("found_none"), {"appointments": []})


def _done(conversation: Conversation, outcome: Outcome) -> QuerySet[FunctionCall]:
    """What was done earlier in this call."""
    return FunctionCall.objects.filter(call=conversation.call, outcome=outcome, starts_at__isnull=False).order_by("id")


def _cancelled_before(conversation: Conversation, starts_at: datetime) -> Answer:
    spoken = conversation.say("cancelled_before", when=conversation.when(starts_at))
    return Answer(Outcome.TOLD, "cancelled", spoken)


def _meant(conversation: Conversation, date_words: str, time_words: str) -> Appointment | Answer:
    """The only one that fits what was said; else the question which one is meant."""
    if not conversation.call.company.books_appointments:
        return Answer(Outcome.NOT_DONE, "not_done", conversation.say("not_changed"), {"about": "not_changed"})
    found = _own(conversation)
    if isinstance(found, Answer):
        return found
    stated = conversation.asked.arguments.get("appointment") or conversation.asked.arguments.get("appointment_id")
    fitting = [each for each in found if each.pk == whole_number(stated)] if stated else found
    fitting = _of_service(conversation, fitting)
    if date_words or time_words:
        fitting = [each for each in fitting if _is_then(conversation, each, date_words, time_words)]
    if len(fitting) == 1:
        return fitting[0]
    shown = (fitting or found)[:MOST_CHOICES]
    data = {"appointments": [_described(conversation, each) for each in fitting or found]}
    return conversation.ask("which_appointment", [_named(conversation, each) for each in shown], **data)


def _of_service(conversation: Conversation, among: Sequence[Appointment]) -> list[Appointment]:
    words = conversation.asked.statement.text("service")
    services = {each.service for each in among if each.service is not None}
    meant = the_one(match_service(words, services), services) if words else None
    return [each for each in among if meant is None or each.service == meant]


def _is_then(conversation: Conversation, appointment: Appointment, date_words: str, time_words: str) -> bool:
    branch = appointment.branch or conversation.branch
    local = appointment.starts_at.astimezone(branch.zone)
    said = moment_of(conversation.call, branch, date_words or f"{local:%d.%m.%Y}", time_words)
    if isinstance(said, Moment):
        return said.starts_at == appointment.starts_at
    return said.reason in DAY_ONLY and said.day == local.date()


def _new_time(conversation: Conversation, appointment: Appointment) -> datetime | Answer:
    statement, branch = conversation.asked.statement, appointment.branch or conversation.branch
    date_words = statement.text("date") or statement.text("moment")
    if not date_words and not statement.text("time"):
        return conversation.ask("new_time")
    said = moment_of(conversation.call, branch, date_words, statement.text("time"))
    if not isinstance(said, Moment):
        return about_time(conversation, said.reason.value)
    day = said.starts_at.astimezone(branch.zone).date()
    if why := branch.closed_on(day, day).get(day):
        return Answer(Outcome.ASKED, "closed", conversation.say("closed_no_others", why=why))
    return said.starts_at


def _settled(
    conversation: Conversation,
    appointment: Appointment,
    outcome: Outcome,
    code: str,
    at: datetime,
    when: str,
    **facts: str,
) -> Answer:
    data = _described(conversation, appointment) | conversation.times([at], appointment.branch)[0]
    return Answer(outcome, outcome.value, conversation.say(code, when=when, **facts), data, at)


def _not_done(conversation: Conversation, appointment: Appointment, change: Change, at: datetime) -> Answer:
    """A job goes on, or it was refused: then the caller hears why, and what she can do."""
    if change.state == State.WAITING:
        code = "change_pending_sms" if may_be_texted(appointment) else "change_pending"
        return Answer(Outcome.PENDING, "pending", conversation.say(code), starts_at=at)
    if change.detail == Detail.TAKEN:
        return _taken(conversation, appointment, change, at)
    code = _REFUSED.get(Detail(change.detail), "not_changed") if change.detail in Detail.values else "not_changed"
    return Answer(Outcome.NOT_DONE, "not_done", conversation.say(code), {"about": code})


def _taken(conversation: Conversation, appointment: Appointment, change: Change, at: datetime) -> Answer:
    branch = appointment.branch
    offered = [datetime.fromisoformat(each) for each in change.alternatives][:MOST_CHOICES]
    code = "taken" if offered else "taken_no_others"
    when, choices = conversation.when(at, branch), conversation.choice(offered, branch)
    data = {"times": conversation.times(offered, branch)}
    return Answer(Outcome.NOT_DONE, "taken", conversation.say(code, when=when, choices=choices), data)


def _named(conversation: Conversation, appointment: Appointment) -> str:
    """ "am Donnerstag, dem dritten Dezember, um vierzehn Uhr, Färben bei Käthe Grün"."""
    when = conversation.when(appointment.starts_at, appointment.branch)
    with_whom = " bei " if conversation.language == "de" else " with "
    what = with_whom.join(str(part) for part in (appointment.service, appointment.staff) if part)
    return ", ".join(filter(None, (when, what)))


def _described(conversation: Conversation, appointment: Appointment) -> dict[str, Any]:
    branch: Branch | None = appointment.branch
    return {
        "appointment": str(appointment.pk),
        **conversation.times([appointment.starts_at], branch)[0],
        "service": appointment.service.name if appointment.service else "",
        "staff": appointment.staff.name if appointment.staff else "",
        "confirmed": appointment.is_agreed,
    }
