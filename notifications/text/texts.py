"""What a message says, rendered at the moment of sending."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import phonenumbers
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from phonenumbers import NumberParseException, PhoneNumberFormat

from appointments.models import Appointment, Escalation, FollowUp
from calls import strangers
from calls.models import Branch, Company
from calls.models.company import Language
from notifications import senders
from notifications.gsm import gsm_segments, gsm_text
from notifications.links import link_for
from notifications.models import Notification
from notifications.text import callbacks, dates, offers
from notifications.text.wording import WORDINGS, Message, Wording

Kind = Notification.Kind
# Longer names would leave no room for the appointment in one SMS.
LONGEST_NAME_IN_SMS: Final = 40


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


def sms(notification: Notification, sender: str, *, asks: bool = False) -> str:
    """The text message: the company first, then the time. Lesser facts are dropped to make it fit into one SMS.

    `asks`: it asks whether the customer comes, and names the answers.
    """
    variants = [gsm_text(text) for text in _variants(notification, sender, asks)]
    return min(variants, key=gsm_segments)


def mail(notification: Notification) -> Mail:
    """The e-mail for the notification's reader."""
    letter = _letter(notification)
    values = {"letter": letter}
    return Mail(
        subject=" ".join(letter.subject.split()),
        text=render_to_string("notifications/mail.txt", values),
        html=render_to_string("notifications/mail.html", values),
    )


def has_calendar(notification: Notification) -> bool:
    """Whether a calendar entry goes with it: only what is confirmed belongs in a customer's calendar."""
    return notification.kind not in (Kind.STAFF, Kind.REQUESTED)


def zone_of(appointment: Appointment) -> ZoneInfo:
    """The time zone of the appointment's place."""
    return appointment.branch.zone if appointment.branch else ZoneInfo(appointment.company.timezone)


def zone_for(notification: Notification) -> ZoneInfo:
    """The time zone of the place that a message is about."""
    if notification.follow_up is not None:
        return _zone(notification.company, notification.follow_up.branch)
    if notification.offer is not None:
        return notification.offer.freed_time.zone
    return zone_of(_subject(notification))


def summary(appointment: Appointment) -> str:
    """The title in a calendar: the company, and the service if it is known."""
    company = appointment.company.name
    return f"{company}: {appointment.service.name}" if appointment.service else company


def spoken_number(e164: str) -> str:
    """A number as people dial it: `030 23125100` at home, with country code elsewhere."""
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        return e164
    home = phonenumbers.region_code_for_number(number) == "DE"
    return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL)


def _variants(notification: Notification, sender: str, asks: bool) -> Iterator[str]:
    if notification.follow_up is not None:
        return _callback_variants(notification, sender)
    if notification.offer is not None:
        return _offer_variants(notification, sender)
    if notification.kind == Kind.CANCEL_QUESTION:
        return _question_variants(notification)
    if notification.kind in Notification.REMINDERS:
        return _reminder_variants(notification, sender, asks)
    return _sms_variants(notification, sender)


def _question_variants(notification: Notification) -> Iterator[str]:
    when = _short_moment(notification, _subject(notification))
    yield f"{_short_company(notification)}: {_words(notification).sms_cancel_question.format(when=when)}"


def _reminder_variants(notification: Notification, sender: str, asks: bool) -> Iterator[str]:
    """Variants that keep how to answer, or else the link, and drop one more fact each."""
    appointment, words = _subject(notification), _words(notification)
    branch, zone = appointment.branch, zone_of(appointment)
    local, now = appointment.starts_at.astimezone(zone), timezone.now().astimezone(zone)
    near = dates.near(local, now, Language(notification.language))
    when = ", ".join(filter(None, [near, _short_moment(notification, appointment)]))
    head = f"{_short_company(notification)}: {words.messages[notification.kind].sms.format(when=when)}"
    service = f", {appointment.service.name}" if appointment.service else ""
    staff = _with_whom(appointment, words.sms_staff, words.sms_staff)
    street = f", {branch.street}" if branch and branch.street else ""
    answer = words.sms_ask if asks else ""
    if not senders.takes_answers(sender):
        answer = words.sms_link.format(link=link_for(appointment))
    stop = words.sms_stop if senders.takes_answers(sender) else ""
    yield from (
        f"{head}{service}{staff}{street}{answer}{stop}",
        f"{head}{staff}{street}{answer}{stop}",
        f"{head}{staff}{street}{answer}",
        f"{head}{staff}{answer}",
        f"{head}{answer}",
    )


def _sms_variants(notification: Notification, sender: str) -> Iterator[str]:
    """Variants from the full text to the bare appointment; each drops one more fact."""
    appointment, branch = _subject(notification), _subject(notification).branch
    words = _words(notification)
    when = _short_moment(notification, appointment)
    head = f"{_short_company(notification)}: {words.messages[notification.kind].sms.format(when=when)}"
    service = f", {appointment.service.name}" if appointment.service else ""
    staff = _with_whom(appointment, words.sms_staff, words.sms_other_staff)
    # The staff name stays if it is the news, or is not the one that was asked for.
    kept = staff if notification.kind == Kind.STAFF_CHANGED or _wished_other(appointment) else ""
    place = f", {branch.address}" if branch and branch.address else ""
    street = f", {branch.street}" if branch and branch.street else ""
    phone = words.sms_phone.format(phone=spoken_number(branch.phone)) if branch and branch.phone else ""
    # A sender that is a name takes no answers.
    stop = words.sms_stop if senders.takes_answers(sender) else ""
    if notification.kind == Kind.CANCELLATION:
        service = staff = kept = place = street = ""
    if notification.kind == Kind.STAFF_CHANGED:
        service = ""
    yield from (
        f"{head}{service}{staff}{place}{phone}{stop}",
        f"{head}{staff}{place}{phone}{stop}",
        f"{head}{staff}{street}{phone}{stop}",
        f"{head}{kept}{street}{phone}{stop}",
        f"{head}{kept}{street}{phone}",
        f"{head}{kept}{phone}",
        f"{head}{kept}",
    )


def _callback_variants(notification: Notification, sender: str) -> Iterator[str]:
    """What is not done, and by when a person calls; each variant drops one more fact."""
    follow_up = notification.follow_up
    assert follow_up is not None
    words, language, zone = _words(notification), Language(notification.language), zone_for(notification)
    company = _short_company(notification)
    due = dates.short_moment(follow_up.due_at.astimezone(zone), language)
    told, plain = callbacks.sentences(follow_up, words.callbacks, language, zone)
    phone = follow_up.branch.phone if follow_up.branch else ""
    questions = words.sms_phone.format(phone=spoken_number(phone)) if phone else ""
    stop = words.sms_stop if senders.takes_answers(sender) else ""
    calls = words.sms_callback.format(due=due)
    yield from (
        f"{company}: {told} {calls}{questions}{stop}",
        f"{company}: {told} {calls}{stop}",
        f"{company}: {told} {calls}",
        f"{company}: {plain} {calls}",
    )


def _short_company(notification: Notification) -> str:
    return " ".join(notification.company.name[:LONGEST_NAME_IN_SMS].split())


def _short_moment(notification: Notification, appointment: Appointment) -> str:
    return dates.short_moment(appointment.starts_at.astimezone(zone_of(appointment)), Language(notification.language))


def _offer_variants(notification: Notification, sender: str) -> Iterator[str]:
    """The freed time, and until when JA takes it; each variant drops one more fact."""
    words, language, company = _words(notification), Language(notification.language), _short_company(notification)
    sentences = offers.Sentences.of(notification, words.offers, language)
    stop = words.sms_stop if senders.takes_answers(sender) else ""
    for fact in (*sentences.facts, ""):
        yield f"{company}: {sentences.before}{fact}{sentences.after}{stop}"
    yield f"{company}: {sentences.before}{sentences.after}"


def _with_whom(appointment: Appointment, usual: str, other: str) -> str:
    """Whom it is with, and whether the caller wished for another person."""
    if appointment.staff is None:
        return ""
    wished = _wished_other(appointment)
    return (other if wished else usual).format(staff=appointment.staff.name, wished=wished)


def _wished_other(appointment: Appointment) -> str:
    """The name of the person whom the caller wished for and did not get; empty where the wish was met."""
    request = appointment.booking_request
    wished = request.staff if request else None
    return wished.name if wished is not None and wished.pk != appointment.staff_id else ""


def _letter(notification: Notification) -> Letter:
    if notification.follow_up is not None:
        return _staff_follow_up(notification, notification.follow_up)
    if notification.kind == Kind.STAFF:
        return _staff_appointment(notification, _subject(notification))
    return _to_customer(notification, _subject(notification))


def _to_customer(notification: Notification, appointment: Appointment) -> Letter:
    words = _words(notification)
    message: Message = words.messages[notification.kind]
    name = strangers.plausible_name(appointment.attendee_name)
    greeting = words.greeting.format(name=name) if name else words.greeting_without_name
    phone = appointment.branch.phone if appointment.branch else ""
    closing = [message.call_us.format(phone=spoken_number(phone))] if phone else []
    if has_calendar(notification) and notification.kind != Kind.CANCELLATION:
        closing.append(words.attachment)
    return Letter(
        language=notification.language,
        company=notification.company.name,
        subject=f"{notification.company.name}: {message.subject.format(date=_date(notification, appointment))}",
        heading=message.heading,
        paragraphs=(greeting, message.lead),
        facts=tuple(_appointment_facts(notification, appointment)),
        closing=tuple(closing),
        footer=words.automatic,
    )


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
    moved = notification.kind == Kind.RESCHEDULED or (notification.kind == Kind.REQUESTED and notification.version > 1)
    if moved and appointment.previous_starts_at:
        yield labels.before, dates.moment(appointment.previous_starts_at.astimezone(zone), language)
    if appointment.service:
        yield labels.service, appointment.service.name
    if appointment.staff:
        yield labels.staff, _with_whom(appointment, "{staff}", _words(notification).other_staff)
    if branch and branch.address:
        yield labels.place, f"{appointment.company.name}, {branch.address}"
    if branch and branch.phone:
        yield labels.phone, spoken_number(branch.phone)


def _follow_up_facts(follow_up: FollowUp, words: Wording, language: Language) -> Iterator[tuple[str, str]]:
    labels, zone = words.labels, _zone(follow_up.company, follow_up.branch)
    customer = follow_up.customer
    if customer is not None:
        yield labels.customer, _person(customer.name, customer.sms_number, language)
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


def _zone(company: Company, branch: Branch | None) -> ZoneInfo:
    return branch.zone if branch else ZoneInfo(company.timezone)


def _date(notification: Notification, appointment: Appointment) -> str:
    local = appointment.starts_at.astimezone(zone_of(appointment))
    return dates.moment(local, Language(notification.language))


def _words(notification: Notification) -> Wording:
    return WORDINGS[Language(notification.language)]


def _subject(notification: Notification) -> Appointment:
    assert notification.appointment is not None
    return notification.appointment
