"""The texts that AskPro brings, in the language of companies' own ones (`notifications.markup`)."""

from dataclasses import dataclass
from typing import Final

from calls.models.company import Language
from notifications.models import Notification
from notifications.text.wording import WORDINGS, Wording

Kind = Notification.Kind
# What a mail says above the facts: the greeting, then what has happened.
GREETED: Final = "{{greeting}}\n\n{lead}"


@dataclass(frozen=True, slots=True)
class Written:
    """One message's text, with the subject of a mail."""

    text: str
    subject: str = ""


def shipped(kind: str, channel: str, language: str) -> Written:
    """The text for messages of this kind to customers."""
    words = WORDINGS[Language(language)]
    if channel == Notification.Channel.SMS:
        return Written("{company}: " + _sms(kind, words))
    message = words.messages[kind]
    return Written(GREETED.format(lead=message.lead), "{company}: " + message.subject)


def _sms(kind: str, words: Wording) -> str:
    service, staff, place = words.sms_service, words.sms_staff, words.sms_place
    phone, stop, offers = words.sms_phone, words.sms_stop, words.offers
    fixed = {
        Kind.CALLBACK: f"{words.sms_callback}{phone}{stop}",
        Kind.CANCEL_QUESTION: words.sms_cancel_question,
        Kind.OFFER: f"{offers.offered}{service}{staff}{place}{offers.answer}{stop}",
        Kind.OFFER_GONE: f"{offers.gone}{stop}",
    }
    if kind in fixed:
        return fixed[Kind(kind)]
    facts = {
        Kind.STAFF_CHANGED: f"{staff}{place}{phone}{stop}{words.sms_change}",
        Kind.CANCELLATION: f"{phone}{stop}{words.sms_look}",
        **dict.fromkeys(Notification.REMINDERS, f"{service}{staff}{place}{words.sms_ask}{stop}{words.sms_change}"),
    }
    usual = f"{service}{staff}{place}{phone}{stop}{words.sms_change}"
    return words.messages[kind].sms + facts.get(Kind(kind), usual)
