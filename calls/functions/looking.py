"""The functions that only look: what is offered, and what is free."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final

from django.utils import timezone

from appointments.models import Appointment
from askpro.queues.errors import JobError
from calls.functions import own
from calls.functions.asking import about_service, about_staff, about_time, by_when
from calls.functions.conversation import MOST_CHOICES, Answer, Conversation, Outcome
from calls.functions.free import SEARCH, closed, free, others, spread
from calls.german.moment import Moment, Reason
from calls.german.moment import Unclear as UnclearMoment
from calls.models import About, BookingRequest, Service, Unclear
from calls.requests.moments import moment_of
from calls.requests.rows import row_of
from calls.wishes.wish import wish_of

# A whole list takes too long to hear; the rest is in the data.
MOST_SERVICES_SAID: Final = 6


def list_services(conversation: Conversation) -> Answer:
    """What the branch offers: names to say, and durations and prices for the agent."""
    services = Service.offered_at(conversation.branch)
    if not services:
        return Answer(Outcome.TOLD, "none", conversation.say("no_services"))
    names = [service.name for service in services]
    spoken = conversation.say("services", choices=_and(names[:MOST_SERVICES_SAID], conversation.language))
    return Answer(Outcome.TOLD, "services", spoken, {"services": [_described(service) for service in services]})


def check_availability(conversation: Conversation) -> Answer:
    """Whether the wished time is free, else the nearest that are; without a time, a few free ones of that day."""
    wish = wish_of(conversation.asked.statement, conversation.branch.home)
    request = row_of(conversation.call, wish)
    if request.unclear and Unclear.of(request.unclear).about is About.BRANCH:
        return by_when(conversation, request)
    if request.service is None:
        return about_service(conversation, request)
    if request.staff_words and request.staff is None:
        return about_staff(conversation, request)
    if request.service.calcom_event_type_id is None or request.service.hindrances:
        spoken = conversation.say("by_person", service=request.service.name)
        return Answer(Outcome.NOT_DONE, "by_person", spoken, {"service": request.service.name})
    said = moment_of(conversation.call, request.where, wish.date_words, wish.time_words)
    try:
        if isinstance(said, Moment):
            return _about_wished(conversation, request)
        return _about_day(conversation, request, said)
    except JobError:
        return Answer(Outcome.NOT_DONE, "unavailable", conversation.say("unavailable"))


def said_closed(conversation: Conversation, request: BookingRequest, why: str) -> Answer:
    """The branch is closed on the wished day: other times."""
    offered = others(conversation, request)
    choices = conversation.choice(offered, request.where)
    spoken = conversation.say("closed" if offered else "closed_no_others", why=why, choices=choices)
    return Answer(Outcome.TOLD, "closed", spoken, {"times": conversation.times(offered, request.where)})


def _about_wished(conversation: Conversation, request: BookingRequest) -> Answer:
    wished, service = request.starts_at, request.service
    assert wished is not None and service is not None
    if hers := own.for_what_is_wished(conversation.call, request):
        return _hers(conversation, request, hers[0])
    when = conversation.when(wished, request.where)
    if wished < timezone.now() + timedelta(minutes=service.minimum_notice_minutes):
        return conversation.ask("short_notice")
    if why := closed(request):
        return said_closed(conversation, request, why)
    if wished in free(conversation, request, wished, wished + timedelta(minutes=1)):
        data = {"times": conversation.times([wished], request.where), "service": service.name}
        return Answer(Outcome.TOLD, "free", conversation.say("free", when=when), data)
    offered = others(conversation, request)
    data = {"times": conversation.times(offered, request.where), "service": service.name}
    code = "taken" if offered else "taken_no_others"
    spoken = conversation.say(code, when=when, choices=conversation.choice(offered, request.where))
    return Answer(Outcome.TOLD, "taken", spoken, data)


def _hers(conversation: Conversation, request: BookingRequest, appointment: Appointment) -> Answer:
    """The wished time is taken by the caller herself: as an appointment, or while a job books it."""
    data = {**conversation.times([appointment.starts_at], request.where)[0], "appointment": str(appointment.pk)}
    data |= {"service": appointment.service.name if appointment.service else ""}
    when = conversation.when(appointment.starts_at, request.where)
    if appointment.calcom_uid is None:
        return Answer(Outcome.TOLD, "pending", conversation.say("pending", when=when), data)
    status = "booked" if appointment.is_agreed else "requested"
    return Answer(Outcome.TOLD, status, conversation.say("already", when=when), data)


def _about_day(conversation: Conversation, request: BookingRequest, said: UnclearMoment) -> Answer:
    """No one time was named: offer some of the day and the span that were, or the next ones if none was."""
    service, zone = request.service, request.where.zone
    assert service is not None
    now = timezone.now()
    if said.day is not None and said.reason in (Reason.NO_TIME, Reason.WINDOW_ONLY, Reason.AMBIGUOUS_TIME):
        first = datetime.combine(said.day, time(), zone)
        found = free(conversation, request, first, datetime.combine(said.day + timedelta(days=1), time(), zone))
        if said.window is not None:
            found = [each for each in found if said.window[0] <= each.astimezone(zone).time() <= said.window[1]]
        if found:
            return _offer(conversation, request, "times", spread(found), found)
        found = free(conversation, request, first, first + SEARCH)
        return _offer(conversation, request, "no_times_that_day" if found else "no_times", _of_days(found, zone), found)
    if said.reason is Reason.NO_DATE and not request.date_words:
        found = free(conversation, request, now, now + SEARCH)
        return _offer(conversation, request, "times" if found else "no_times", _of_days(found, zone), found)
    return about_time(conversation, said.reason.value)


def _offer(
    conversation: Conversation,
    request: BookingRequest,
    code: str,
    said: Sequence[datetime],
    found: Sequence[datetime],
) -> Answer:
    assert request.service is not None
    spoken = conversation.say(code, choices=conversation.choice(said, request.where))
    data = {"times": conversation.times([*found][:20], request.where), "service": request.service.name}
    return Answer(Outcome.TOLD, "times" if found else "none", spoken, data)


def _of_days(found: list[datetime], zone: Any) -> list[datetime]:
    """The first time of each of the next days on which there is one."""
    first: dict[Any, datetime] = {}
    for each in found:
        first.setdefault(each.astimezone(zone).date(), each)
    return list(first.values())[:MOST_CHOICES]


def _described(service: Service) -> dict[str, Any]:
    price = {"price": str(service.price)} if service.price is not None else {}
    return {"service": service.name, "minutes": service.duration_minutes, **price}


def _and(names: Sequence[str], language: str) -> str:
    joint = " und " if language == "de" else " and "
    return f"{', '.join(names[:-1])}{joint}{names[-1]}" if len(names) > 1 else names[0]
