"""Every word that customers and staff read, in German and English. `{…}` is filled by `texts`.

Subjects, `lead` and what begins with `sms` are in the language of `notifications.markup`: `[…]` may be left out.
"""

from dataclasses import dataclass
from typing import Final

from appointments.models import Escalation
from calls.models.company import Language
from notifications.models import Notification

Kind = Notification.Kind


@dataclass(frozen=True, slots=True)
class Message:
    """What one kind of message to a customer says."""

    subject: str
    heading: str
    lead: str
    call_us: str
    sms: str


@dataclass(frozen=True, slots=True)
class Labels:
    when: str
    before: str
    service: str
    staff: str
    place: str
    phone: str
    customer: str
    said: str
    detail: str
    alternatives: str
    due: str


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What is not done when a person calls back; `{when}` is the time wished for, or that of the appointment."""

    taken: str
    taken_plain: str
    not_booked: str
    not_moved: str
    not_moved_plain: str
    not_cancelled: str
    not_cancelled_plain: str
    wished: str


@dataclass(frozen=True, slots=True)
class Offers:
    """A freed time, by SMS; `yes` and `link` say how to take it."""

    offered: str
    answer: str
    yes: str
    link: str
    gone: str
    waits: str


@dataclass(frozen=True, slots=True)
class Wording:
    greeting: str
    greeting_without_name: str
    attachment: str
    automatic: str
    labels: Labels
    messages: dict[str, Message]
    sms_service: str
    sms_staff: str
    sms_other_staff: str
    other_staff: str
    sms_place: str
    sms_phone: str
    sms_stop: str
    sms_ask: str
    sms_answers: str
    sms_change: str
    sms_look: str
    sms_cancel_question: str
    sms_callback: str
    callbacks: Callbacks
    offers: Offers
    new_appointment: str
    new_appointment_lead: str
    new_follow_up: str
    new_follow_up_lead: str
    # Heading and lead, for each deadline of a follow-up that has passed.
    deadlines: dict[Escalation.Step, tuple[str, str]]
    open_page: str
    open_console: str


GERMAN: Final = Wording(
    greeting="Guten Tag {name},",
    greeting_without_name="Guten Tag,",
    attachment="Im Anhang finden Sie den Termin für Ihren Kalender.",
    automatic="Diese Nachricht wurde automatisch versandt.",
    labels=Labels(
        when="Wann",
        before="Bisher",
        service="Leistung",
        staff="Bei",
        place="Wo",
        phone="Telefon",
        customer="Kunde",
        said="Gesagt",
        detail="Hinweis",
        alternatives="Frei wäre",
        due="Rückruf bis",
    ),
    messages={
        Kind.CONFIRMATION: Message(
            subject="Ihr Termin am {when}",
            heading="Ihr Termin ist bestätigt",
            lead="Ihr Termin ist fest für Sie eingetragen. Wir freuen uns auf Ihren Besuch.",
            call_us="Möchten Sie den Termin ändern oder absagen? Rufen Sie uns bitte an: {phone}.",
            sms="Ihr Termin ist bestätigt: {when}",
        ),
        Kind.RESCHEDULED: Message(
            subject="Ihr Termin wurde verlegt auf {when}",
            heading="Ihr Termin wurde verlegt",
            lead="Für Ihren Termin gilt eine neue Zeit. Der bisherige Eintrag gilt nicht mehr.",
            call_us="Passt Ihnen die neue Zeit nicht? Rufen Sie uns bitte an: {phone}.",
            sms="Ihr Termin wurde verlegt auf {when}",
        ),
        Kind.REQUESTED: Message(
            subject="Ihre Terminanfrage für {when}",
            heading="Ihre Terminanfrage liegt vor",
            lead="Der Termin gilt erst, wenn er bestätigt ist. Sobald das geschehen ist, melden wir uns bei Ihnen.",
            call_us="Haben Sie Fragen? Rufen Sie uns bitte an: {phone}.",
            sms="Ihre Terminanfrage {when} liegt vor und ist noch nicht bestätigt. Wir melden uns",
        ),
        Kind.STAFF_CHANGED: Message(
            subject="Ihr Termin am {when}: bei jemand anderem",
            heading="Ihren Termin übernimmt jemand anderes",
            lead="Zeit und Ort Ihres Termins bleiben. Es hat nur die Person gewechselt, die für Sie da ist.",
            call_us="Passt Ihnen das nicht? Rufen Sie uns bitte an: {phone}.",
            sms="Ihr Termin {when} bleibt, jetzt",
        ),
        Kind.CANCELLATION: Message(
            subject="Ihr Termin am {when} wurde abgesagt",
            heading="Ihr Termin wurde abgesagt",
            lead="Der folgende Termin findet nicht statt.",
            call_us="Möchten Sie einen neuen Termin vereinbaren? Rufen Sie uns bitte an: {phone}.",
            sms="Ihr Termin {when} wurde abgesagt",
        ),
        **dict.fromkeys(
            Notification.REMINDERS,
            Message(
                subject="Erinnerung an Ihren Termin {when}",
                heading="Erinnerung an Ihren Termin",
                lead="Wir freuen uns auf Ihren Besuch. Hier finden Sie noch einmal alles auf einen Blick.",
                call_us="Können Sie nicht kommen? Rufen Sie uns bitte an: {phone}.",
                sms="Erinnerung an Ihren Termin {when}",
            ),
        ),
    },
    sms_service="[, {service}]",
    sms_staff="[ bei {staff}]",
    sms_other_staff="{staff} statt {wished}",
    other_staff="{staff} (gewünscht war {wished})",
    sms_place="[, {address}]",
    sms_phone="[. Fragen: {phone}]",
    sms_stop="[. Keine SMS mehr: {stop}]",
    sms_ask="[. Kommen Sie? Antworten Sie {answer}]",
    sms_answers="JA oder ABSAGE",
    sms_change="[. Ändern: {link}]",
    sms_look="[. Mehr: {link}]",
    sms_cancel_question="Ihren Termin {when} wirklich absagen? Dann antworten Sie JA. Sonst bleibt er bestehen",
    sms_callback="{reason} Wir rufen Sie bis {due} an",
    callbacks=Callbacks(
        taken="Ihre Wunschzeit {when} ist leider nicht mehr frei.",
        taken_plain="Ihre Wunschzeit ist leider nicht mehr frei.",
        not_booked="Ihr Terminwunsch ist noch nicht gebucht.",
        not_moved="Ihr Termin {when} ist noch nicht verlegt.",
        not_moved_plain="Ihr Termin ist noch nicht verlegt.",
        not_cancelled="Ihr Termin {when} ist noch nicht abgesagt.",
        not_cancelled_plain="Ihr Termin ist noch nicht abgesagt.",
        wished="Sie haben um Rückruf gebeten.",
    ),
    offers=Offers(
        offered="Frei geworden: {when}",
        answer=". Ihr Termin? {answer} bis {until}",
        yes="Antworten Sie JA",
        link="Buchen: {link}",
        gone="Das Angebot für {when} gilt leider nicht mehr[. {waits}]",
        waits="Sie bleiben vorgemerkt",
    ),
    new_appointment="Neuer Termin: {date}",
    new_appointment_lead="Am Telefon wurde ein Termin gebucht.",
    new_follow_up="Bitte zurückrufen: {reason}",
    new_follow_up_lead="Ein Anruf braucht einen Menschen: {reason}.",
    deadlines={
        Escalation.Step.WARNING: (
            "Noch offen: {reason}",
            "Dieser Rückruf wartet seit einer Stunde Öffnungszeit. Bitte kümmern Sie sich jetzt darum.",
        ),
        Escalation.Step.LATE: (
            "Dringend: {reason}",
            "Dieser Rückruf wartet seit 90 Minuten Öffnungszeit, und noch hat ihn niemand erledigt.",
        ),
        Escalation.Step.OVERDUE: (
            "Überfällig: {reason}",
            "Dieser Rückruf wartet seit zwei Stunden Öffnungszeit und ist überfällig.",
        ),
    },
    open_page="Ansehen, ändern oder absagen",
    open_console="In AskPro öffnen",
)

ENGLISH: Final = Wording(
    greeting="Dear {name},",
    greeting_without_name="Hello,",
    attachment="The appointment is attached for your calendar.",
    automatic="This message was sent automatically.",
    labels=Labels(
        when="When",
        before="Before",
        service="Service",
        staff="With",
        place="Where",
        phone="Phone",
        customer="Customer",
        said="Said",
        detail="Note",
        alternatives="Free times",
        due="Call back by",
    ),
    messages={
        Kind.CONFIRMATION: Message(
            subject="Your appointment on {when}",
            heading="Your appointment is confirmed",
            lead="Your appointment is booked. We look forward to seeing you.",
            call_us="Would you like to change or cancel it? Please call us: {phone}.",
            sms="Your appointment is confirmed: {when}",
        ),
        Kind.RESCHEDULED: Message(
            subject="Your appointment was moved to {when}",
            heading="Your appointment was moved",
            lead="Your appointment has a new time. The previous one is no longer valid.",
            call_us="Does the new time not suit you? Please call us: {phone}.",
            sms="Your appointment was moved to {when}",
        ),
        Kind.REQUESTED: Message(
            subject="Your request for {when}",
            heading="We have your request",
            lead="The appointment holds once it is confirmed. We will tell you as soon as it is.",
            call_us="Do you have questions? Please call us: {phone}.",
            sms="Your request for {when} is here and not confirmed yet. We will tell you",
        ),
        Kind.STAFF_CHANGED: Message(
            subject="Your appointment on {when}: with somebody else",
            heading="Somebody else holds your appointment",
            lead="Time and place stay the same. Only the person who looks after you has changed.",
            call_us="Does this not suit you? Please call us: {phone}.",
            sms="Your appointment {when} stays, now",
        ),
        Kind.CANCELLATION: Message(
            subject="Your appointment on {when} was cancelled",
            heading="Your appointment was cancelled",
            lead="The following appointment does not take place.",
            call_us="Would you like a new appointment? Please call us: {phone}.",
            sms="Your appointment {when} was cancelled",
        ),
        **dict.fromkeys(
            Notification.REMINDERS,
            Message(
                subject="A reminder of your appointment {when}",
                heading="A reminder of your appointment",
                lead="We look forward to seeing you. Here is everything once more at a glance.",
                call_us="Can you not come? Please call us: {phone}.",
                sms="A reminder of your appointment {when}",
            ),
        ),
    },
    sms_service="[, {service}]",
    sms_staff="[ with {staff}]",
    sms_other_staff="{staff} instead of {wished}",
    other_staff="{staff} ({wished} was wished for)",
    sms_place="[, {address}]",
    sms_phone="[. Questions: {phone}]",
    sms_stop="[. No more SMS: {stop}]",
    sms_ask="[. Will you come? Answer {answer}]",
    sms_answers="YES or NO",
    sms_change="[. Change: {link}]",
    sms_look="[. More: {link}]",
    sms_cancel_question="Really cancel your appointment {when}? Then answer YES. Otherwise it stays",
    sms_callback="{reason} We will call you by {due}",
    callbacks=Callbacks(
        taken="The time {when} is no longer free.",
        taken_plain="The time you wished for is no longer free.",
        not_booked="Your appointment is not booked yet.",
        not_moved="Your appointment {when} is not moved yet.",
        not_moved_plain="Your appointment is not moved yet.",
        not_cancelled="Your appointment {when} is not cancelled yet.",
        not_cancelled_plain="Your appointment is not cancelled yet.",
        wished="You asked for a call back.",
    ),
    offers=Offers(
        offered="Now free: {when}",
        answer=". Would you like it? {answer} by {until}",
        yes="Answer JA",
        link="Book: {link}",
        gone="The offer for {when} no longer holds[. {waits}]",
        waits="You stay on our list",
    ),
    new_appointment="New appointment: {date}",
    new_appointment_lead="An appointment was booked on the phone.",
    new_follow_up="Please call back: {reason}",
    new_follow_up_lead="A call needs a person: {reason}.",
    deadlines={
        Escalation.Step.WARNING: (
            "Still open: {reason}",
            "This call back has waited for an hour of opening time. Please see to it now.",
        ),
        Escalation.Step.LATE: (
            "Urgent: {reason}",
            "This call back has waited for 90 minutes of opening time, and nobody has dealt with it yet.",
        ),
        Escalation.Step.OVERDUE: (
            "Overdue: {reason}",
            "This call back has waited for two hours of opening time and is overdue.",
        ),
    },
    open_page="Look, change or cancel",
    open_console="Open in AskPro",
)

WORDINGS: Final = {Language.GERMAN: GERMAN, Language.ENGLISH: ENGLISH}
