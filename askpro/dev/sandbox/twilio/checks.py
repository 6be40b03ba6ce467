"""What Twilio refuses at once, in the order of its checks."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import phonenumbers

from askpro.dev.sandbox.twilio.refusals import Refused
from askpro.dev.sandbox.world import SMS_SENDERS

LONGEST_BODY = 1600
LONGEST_VALIDITY = 36_000
# Invented numbers are +49 30 23125 … (a landline to libphonenumber) and +49 1555 … (a mobile one).
_LANDLINES = (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.VOIP)


def check(form: Mapping[str, str], messaging_service: str) -> None:
    """Raise `Refused` for a message that is not accepted."""
    to, sender, service = form.get("To", ""), form.get("From", ""), form.get("MessagingServiceSid", "")
    if not to:
        raise Refused(21604)
    if not sender and not service:
        raise Refused(21603)
    if sender.startswith("MG") and len(sender) == len(messaging_service):
        sender, service = "", sender
    if service and service != messaging_service:
        raise Refused(21701)
    if sender:
        _check_sender(sender)
    _check_recipient(to, sender)
    _check_content(form)


def segments(body: str) -> int:
    """The number of parts that a text is sent in: 160 or 153 units of GSM-7, 70 or 67 of UCS-2."""
    if all(letter in _GSM or letter in _GSM_LONG for letter in body):
        units, single, joined = len(body) + sum(letter in _GSM_LONG for letter in body), 160, 153
    else:
        units, single, joined = len(body.encode("utf-16-be", errors="replace")) // 2, 70, 67
    return 1 if units <= single else -(-units // joined)


def _check_sender(sender: str) -> None:
    if sender.startswith("+"):
        if sender not in SMS_SENDERS:
            raise Refused(21606)
    elif not re.fullmatch(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}", sender):
        raise Refused(21212)


def _check_recipient(to: str, sender: str) -> None:
    try:
        number = phonenumbers.parse(to)
    except phonenumbers.NumberParseException:
        raise Refused(21211) from None
    if not re.fullmatch(r"\+[1-9]\d{6,14}", to) or not phonenumbers.is_valid_number(number) or to == sender:
        raise Refused(21211)
    if phonenumbers.number_type(number) in _LANDLINES:
        raise Refused(21614)


def _check_content(form: Mapping[str, str]) -> None:
    body = form.get("Body", "")
    if not body and not form.get("MediaUrl") and not form.get("ContentSid"):
        raise Refused(21602)
    if len(body) > LONGEST_BODY:
        raise Refused(21617)
    callback = form.get("StatusCallback", "")
    host = urlsplit(callback).hostname or ""
    if callback and (
        not callback.startswith(("http://", "https://")) or not host or "_" in host or len(callback) > 4000
    ):
        raise Refused(21609)
    validity = form.get("ValidityPeriod", "1")
    if not validity.isdecimal() or not 1 <= int(validity) <= LONGEST_VALIDITY:
        raise Refused(21624)


_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_LONG = frozenset("^{}\\[~]|€\f")
