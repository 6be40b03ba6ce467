"""What is put in the places of a text's variables, from the rows that a message is about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils import timezone

from appointments.models import Appointment, FollowUp, Offer
from calls import strangers
from calls.models import Branch
from calls.models.company import Language
from notifications import senders
from notifications.links import link_for, link_for_offer
from notifications.models import Notification, Variable
from notifications.text import callbacks, dates
from notifications.text.places import spoken_number, subject_of, zone_for
from notifications.text.wording import WORDINGS

Kind = Notification.Kind
# Longer names would leave no room for the appointment in one SMS.
LONGEST_NAME_IN_SMS: Final = 40
STOP: Final = "STOP"


@dataclass(frozen=True, slots=True)
class Fact:
    """`short` says it where there is little room; one that `stays` is never left out for room."""

    text: str
    short: str = ""
    stays: bool = False


Facts = Mapping[str, Fact]
Moment = Callable[[datetime, Language], str]


def for_sms(notification: Notification, sender: str, *, asks: bool = False) -> Facts:
    """The facts of an SMS. Names of strangers are plausible ones, or missing."""
    takes_answers = senders.takes_answers(sender)
    common = {
        **_of_place(notification),
        Variable.COMPANY: Fact(" ".join(notification.company.name[:LONGEST_NAME_IN_SMS].split())),
        Variable.STOP: Fact(STOP if takes_answers else ""),
    }
    if notification.follow_up is not None:
        return common | _of_call_back(notification, notification.follow_up)
    if notification.offer is not None:
        return common | _of_offer(notification, notification.offer, takes_answers)
    appointment = subject_of(notification)
    return {
        **common,
        **_of_appointment(notification, appointment, dates.short_moment),
        # Whoever cannot answer needs nothing more.
        Variable.LINK: Fact(link_for(appointment), stays=not takes_answers),
        Variable.ANSWER: Fact(WORDINGS[Language(notification.language)].sms_answers if asks else "", stays=True),
    }


def for_mail(notification: Notification) -> Facts:
    """The facts of a mail to a customer about an appointment."""
    appointment = subject_of(notification)
    words, name = WORDINGS[Language(notification.language)], strangers.plausible_name(appointment.attendee_name)
    greeting = words.greeting.format(name=name) if name else words.greeting_without_name
    return {
        **_of_place(notification),
        **_of_appointment(notification, appointment, dates.moment),
        Variable.COMPANY: Fact(notification.company.name),
        Variable.LINK: Fact(link_for(appointment)),
        Variable.GREETING: Fact(greeting),
    }


def wished_other(appointment: Appointment) -> str:
    """The name of the person whom the caller wished for and did not get; empty where the wish was met."""
    request = appointment.booking_request
    wished = request.staff if request else None
    return wished.name if wished is not None and wished.pk != appointment.staff_id else ""


def previous_time(notification: Notification, appointment: Appointment) -> datetime | None:
    """The time that held before, where the message is about a move."""
    is_move = notification.kind == Kind.RESCHEDULED or (
        notification.kind == Kind.REQUESTED and notification.version > 1
    )
    return appointment.previous_starts_at if is_move else None


def _of_place(notification: Notification) -> dict[str, Fact]:
    offer = notification.offer
    about = notification.follow_up or notification.appointment or (offer.freed_time if offer is not None else None)
    place = (about.branch if about is not None else None) or Branch()
    return {
        Variable.BRANCH: Fact(place.name),
        Variable.ADDRESS: Fact(place.address, place.street),
        Variable.STREET: Fact(place.street),
        Variable.PHONE: Fact(spoken_number(place.phone)),
    }


def _of_appointment(notification: Notification, appointment: Appointment, moment: Moment) -> dict[str, Fact]:
    zone, language = zone_for(notification), Language(notification.language)
    local = appointment.starts_at.astimezone(zone)
    before = previous_time(notification, appointment)
    when = moment(local, language)
    if notification.kind in Notification.REMINDERS:
        near = dates.near(local, timezone.now().astimezone(zone), language)
        when = ", ".join(filter(None, [near, when]))
    clock = dates.clock(local, language)
    return {
        Variable.WHEN: Fact(when),
        Variable.DATE: Fact(moment(local, language).removesuffix(clock).rstrip(", ")),
        Variable.TIME: Fact(clock),
        Variable.BEFORE: Fact(moment(before.astimezone(zone), language) if before else ""),
        Variable.SERVICE: Fact(appointment.service.name if appointment.service else ""),
        Variable.STAFF: _staff(notification, appointment),
        Variable.CUSTOMER: Fact(strangers.plausible_name(appointment.attendee_name)),
    }


def _staff(notification: Notification, appointment: Appointment) -> Fact:
    """Whom it is with; that stays if it is the news, or is not who was asked for."""
    if appointment.staff is None:
        return Fact("")
    wished = "" if notification.kind in Notification.REMINDERS else wished_other(appointment)
    words = WORDINGS[Language(notification.language)]
    name = appointment.staff.name
    text = words.sms_other_staff.format(staff=name, wished=wished) if wished else name
    return Fact(text, stays=bool(wished) or notification.kind == Kind.STAFF_CHANGED)


def _of_call_back(notification: Notification, follow_up: FollowUp) -> dict[str, Fact]:
    language, zone = Language(notification.language), zone_for(notification)
    told, plain = callbacks.sentences(follow_up, WORDINGS[language].callbacks, language, zone)
    name = notification.customer.name if notification.customer else ""
    return {
        Variable.REASON: Fact(told, plain),
        Variable.DUE: Fact(dates.short_moment(follow_up.due_at.astimezone(zone), language)),
        Variable.CUSTOMER: Fact(strangers.plausible_name(name)),
    }


def _of_offer(notification: Notification, offer: Offer, takes_answers: bool) -> dict[str, Fact]:
    language, freed = Language(notification.language), offer.freed_time
    words, person = WORDINGS[language].offers, freed.certain_staff
    return {
        Variable.WHEN: Fact(dates.short_moment(freed.local, language)),
        Variable.SERVICE: Fact(freed.service.name),
        Variable.STAFF: Fact(person.name if person is not None else ""),
        Variable.ANSWER: Fact(words.yes if takes_answers else words.link.format(link=link_for_offer(offer))),
        Variable.UNTIL: Fact(_until(offer, language)),
        # In no text of a company's: it is about how the list is kept.
        "waits": Fact(words.waits if offer.still_waits else ""),
    }


def _until(offer: Offer, language: Language) -> str:
    """The time of day by which to answer; with the date if that is not the day of the offer."""
    if offer.ends_at is None:
        return ""
    zone = offer.freed_time.zone
    ends_at = offer.ends_at.astimezone(zone)
    is_today = ends_at.date() == offer.created_at.astimezone(zone).date()
    return dates.clock(ends_at, language) if is_today else dates.short_moment(ends_at, language)
