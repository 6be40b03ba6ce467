"""What a message says, rendered at the moment of sending."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string

from appointments.models import Appointment, Escalation, FollowUp
from calls import strangers
from calls.models.company import Language
from notifications import markup
from notifications.links import link_for
from notifications.models import Notification
from notifications.text import dates, facts
from notifications.text.fitting import fitted, written
from notifications.text.places import spoken_number, subject_of, zone_at, zone_of
from notifications.text.shipped import Written, shipped
from notifications.text.wording import WORDINGS, Wording

Kind = Notification.Kind


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail in its parts, before it becomes text and HTML."""

    language: str
    company: str
    subject: str
    heading: str
    paragraphs: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    closing: tuple[str, ...]
    link: str = ""
    link_text: str = ""
    footer: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    subject: str
    text: str
    html: str
    # A PNG that the HTML refers to.
    picture: bytes | None = None


def sms(notification: Notification, sender: str, *, asks: bool = False, own: Written | None = None) -> str:
    """The text message: the company first, then the time. Lesser facts are dropped to make it fit into one SMS.

    `asks`: it asks whether the customer comes, and names the answers. `own`: the company's text, else the shipped one.
    """
    text = (own or shipped(notification.kind, Notification.Channel.SMS, notification.language)).text
    return fitted(markup.parse(text), facts.for_sms(notification, sender, asks=asks))


def mail(notification: Notification, own: Written | None = None) -> Mail:
    """The e-mail for the notification's reader; `own` is the company's text, else the shipped one says it."""
    letter = _letter(notification, own)
    values = {"letter": letter}
    return Mail(
        subject=" ".join(letter.subject.split()),
        text=render_to_string("notifications/mail.txt", values),
        html=render_to_string("notifications/mail.html", values),
    )


def has_calendar(notification: Notification) -> bool:
    """Whether a calendar entry goes with it: only what is confirmed belongs in a customer's calendar."""
    return notification.kind not in (Kind.STAFF, Kind.REQUESTED)


def summary(appointment: Appointment) -> str:
    """The title in a calendar: the company, and the service if it is known."""
    company = appointment.company.name
    return f"{company}: {appointment.service.name}" if appointment.service else company


def _letter(notification: Notification, own: Written | None) -> Letter:
    if notification.follow_up is not None:
        return _staff_follow_up(notification, notification.follow_up)
    if notification.kind == Kind.STAFF:
        return _staff_appointment(notification, subject_of(notification))
    words = own or shipped(notification.kind, Notification.Channel.EMAIL, notification.language)
    return _to_customer(notification, subject_of(notification), words)


def _to_customer(notification: Notification, appointment: Appointment, own: Written) -> Letter:
    """The company's text between a heading and the facts, which are always there."""
    words, known = _words(notification), facts.for_mail(notification)
    message = words.messages[notification.kind]
    phone = appointment.branch.phone if appointment.branch else ""
    closing = [message.call_us.format(phone=spoken_number(phone))] if phone else []
    if has_calendar(notification) and notification.kind != Kind.CANCELLATION:
        closing.append(words.attachment)
    return Letter(
        language=notification.language,
        company=notification.company.name,
        subject=written(markup.parse(own.subject), known),
        heading=message.heading,
        paragraphs=tuple(_paragraphs(written(markup.parse(own.text), known))),
        facts=tuple(_appointment_facts(notification, appointment)),
        closing=tuple(closing),
        link=link_for(appointment),
        link_text=words.open_page,
        footer=words.automatic,
    )


def _paragraphs(text: str) -> Iterator[str]:
    """What stands between empty lines."""
    lines: list[str] = []
    for line in [*text.splitlines(), ""]:
        if line.strip():
            lines.append(line.strip())
        elif lines:
            yield "\n".join(lines)
            lines = []


def _staff_appointment(notification: Notification, appointment: Appointment) -> Letter:
    words = _words(notification)
    who = _person(appointment.attendee_name, appointment.attendee_phone, notification.language)
    facts = _appointment_facts(notification, appointment)
    return Letter(
        language=notification.language,
        company=notification.company.name,
        subject=words.new_appointment.format(date=_date(notification, appointment)),
        heading=words.new_appointment.format(date=_date(notification, appointment)),
        paragraphs=(words.new_appointment_lead,),
        facts=((words.labels.customer, who), *facts) if who else tuple(facts),
        closing=(),
        link=f"{settings.PUBLIC_URL}/admin/appointments/appointment/{appointment.pk}/change/",
        link_text=words.open_console,
        footer=words.automatic,
    )


def _staff_follow_up(notification: Notification, follow_up: FollowUp) -> Letter:
    words = _words(notification)
    reason = follow_up.title(notification.language)
    passed = Escalation.of_version(notification.version)
    heading, lead = words.deadlines[passed[1]] if passed else (words.new_follow_up, words.new_follow_up_lead)
    return Letter(
        language=notification.language,
        company=notification.company.name,
        subject=heading.format(reason=reason),
        heading=heading.format(reason=reason),
        paragraphs=(lead.format(reason=reason),),
        facts=tuple(_follow_up_facts(follow_up, words, Language(notification.language))),
        closing=(),
        link=f"{settings.PUBLIC_URL}/admin/appointments/followup/{follow_up.pk}/change/",
        link_text=words.open_console,
        footer=words.automatic,
    )


def _appointment_facts(notification: Notification, appointment: Appointment) -> Iterator[tuple[str, str]]:
    labels, language = _words(notification).labels, Language(notification.language)
    zone, branch = zone_of(appointment), appointment.branch
    yield labels.when, dates.moment(appointment.starts_at.astimezone(zone), language)
    if before := facts.previous_time(notification, appointment):
        yield labels.before, dates.moment(before.astimezone(zone), language)
    if appointment.service:
        yield labels.service, appointment.service.name
    if appointment.staff:
        wished = facts.wished_other(appointment)
        words = _words(notification).other_staff if wished else "{staff}"
        yield labels.staff, words.format(staff=appointment.staff.name, wished=wished)
    if branch and branch.address:
        yield labels.place, f"{appointment.company.name}, {branch.address}"
    if branch and branch.phone:
        yield labels.phone, spoken_number(branch.phone)


def _follow_up_facts(follow_up: FollowUp, words: Wording, language: Language) -> Iterator[tuple[str, str]]:
    labels, zone = words.labels, zone_at(follow_up.company, follow_up.branch)
    customer = follow_up.customer
    if customer is not None:
        yield labels.customer, _person(customer.name, follow_up.number, language)
    if follow_up.appointment is not None:
        yield labels.when, dates.moment(follow_up.appointment.starts_at.astimezone(zone), language)
    if follow_up.words:
        yield labels.said, strangers.quotation(follow_up.words, language)
    if follow_up.detail:
        yield labels.detail, follow_up.told(language)
    if alternatives := [dates.moment(slot.astimezone(zone), language) for slot in _alternatives(follow_up)]:
        yield labels.alternatives, "\n".join(alternatives)
    yield labels.due, dates.moment(follow_up.due_at.astimezone(zone), language)


def _person(name: str, number: str, language: str) -> str:
    """Name and number, for staff; an implausible name is shown as a quotation."""
    named = strangers.plausible_name(name) or strangers.quotation(name, language)
    return ", ".join(part for part in (named, spoken_number(number)) if part)


def _alternatives(follow_up: FollowUp) -> list[datetime]:
    return [datetime.fromisoformat(slot) for slot in follow_up.alternatives]


def _date(notification: Notification, appointment: Appointment) -> str:
    local = appointment.starts_at.astimezone(zone_of(appointment))
    return dates.moment(local, Language(notification.language))


def _words(notification: Notification) -> Wording:
    return WORDINGS[Language(notification.language)]
