"""What a message text may name in braces."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from notifications.models.notification import Notification

Kind = Notification.Kind
Channel = Notification.Channel


class Variable(models.TextChoices):
    """A variable, with what is put in its place."""

    WHEN = "when", _("day and time of the appointment")
    DATE = "date", _("its day alone")
    TIME = "time", _("its time alone")
    BEFORE = "before", _("day and time that held before, if it was moved")
    SERVICE = "service", _("the service, if it is known")
    STAFF = "staff", _("whom it is with, if that is known, and who was wished for instead")
    BRANCH = "branch", _("the branch's name, if it is known")
    ADDRESS = "address", _("the branch's address, in short its street, if it is known")
    STREET = "street", _("the branch's street, if it is known")
    PHONE = "phone", _("the branch's phone number, if it is known")
    COMPANY = "company", _("the company's name")
    CUSTOMER = "customer", _("the customer's name, if it is a plausible one")
    LINK = "link", _("the address of the customer's own page: look, change, cancel")
    STOP = "stop", _("the word STOP, where the sender can be answered")
    ANSWER = "answer", _("which words answer it, where it asks whether the customer comes")
    GREETING = "greeting", _("a greeting with the customer's name, if it is a plausible one")
    REASON = "reason", _("what is not done, and why, in a sentence")
    DUE = "due", _("by when somebody calls back")
    UNTIL = "until", _("until when the freed time can be taken")


_KNOWN: Final = frozenset(
    {Variable.WHEN, Variable.DATE, Variable.TIME, Variable.COMPANY, Variable.LINK, Variable.GREETING}
    | {Variable.REASON, Variable.DUE, Variable.UNTIL}
)
_OF_APPOINTMENT: Final = (
    *(Variable.WHEN, Variable.DATE, Variable.TIME, Variable.BEFORE, Variable.SERVICE, Variable.STAFF, Variable.BRANCH),
    *(Variable.ADDRESS, Variable.STREET, Variable.PHONE, Variable.COMPANY, Variable.CUSTOMER, Variable.LINK),
)
_OF_CALL_BACK: Final = (
    *(Variable.REASON, Variable.DUE, Variable.BRANCH, Variable.ADDRESS, Variable.STREET, Variable.PHONE),
    *(Variable.COMPANY, Variable.CUSTOMER),
)
_OF_OFFER: Final = (
    *(Variable.WHEN, Variable.SERVICE, Variable.STAFF, Variable.BRANCH, Variable.ADDRESS, Variable.STREET),
    *(Variable.PHONE, Variable.COMPANY, Variable.ANSWER, Variable.UNTIL),
)
# A text by SMS says all that its reader learns; in a mail, the facts stand below the text.
_WHEN_IN_SMS: Final = (frozenset({Variable.WHEN}), frozenset({Variable.DATE, Variable.TIME}))


def channels(kind: str) -> tuple[Notification.Channel, ...]:
    """The channels by which customers get texts of this kind that a company may word.

    None for those to staff, and for two that answer a customer: what a YES to the one does, and what the other tells
    of the list, is fixed.
    """
    if kind in (*Notification.TO_STAFF, Kind.CANCEL_QUESTION, Kind.OFFER_GONE) or kind not in Kind.values:
        return ()
    return (Channel.SMS,) if kind in (Kind.CALLBACK, Kind.OFFER) else (Channel.SMS, Channel.EMAIL)


def variables(kind: str, channel: str) -> tuple[Variable, ...]:
    """What a text of this kind may name."""
    common = {Kind.CALLBACK: _OF_CALL_BACK, Kind.OFFER: _OF_OFFER}.get(Kind(kind), _OF_APPOINTMENT)
    if channel != Channel.SMS:
        return (*common, Variable.GREETING)
    return (*common, Variable.STOP, *asked(kind, channel))


def always_known(kind: str) -> frozenset[Variable]:
    """What is known for every message of this kind; all else may be empty, so it stands in a part to leave out."""
    return _KNOWN | {Variable.SERVICE, Variable.ANSWER} if kind == Kind.OFFER else _KNOWN


def asked(kind: str, channel: str) -> tuple[Variable, ...]:
    """What a text must name in a part that may be left out: there it asks, if it does."""
    return (Variable.ANSWER,) if kind in Notification.REMINDERS and channel == Channel.SMS else ()


def required(kind: str, channel: str) -> tuple[frozenset[Variable], ...]:
    """One of these sets a text must name whole; no set: it need not name anything."""
    if channel != Channel.SMS:
        return ()
    by_kind = {
        Kind.CALLBACK: (frozenset({Variable.DUE}),),
        Kind.OFFER: (frozenset({Variable.WHEN, Variable.ANSWER, Variable.UNTIL}),),
    }
    return by_kind.get(Kind(kind), _WHEN_IN_SMS)
