"""Who an SMS can come from. Source: Twilio, Messages API, `From` and `MessagingServiceSid`."""

import re
from typing import Final

from django.utils.translation import gettext_lazy as _

from calls import phone

# E.164, a messaging service, or a name of at most eleven characters, one of them a letter.
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_SERVICE: Final = re.compile(r"MG[0-9a-fA-F]{32}")
_NAME: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
# A truncated service id would be taken for a name.
_PART_OF_SERVICE: Final = re.compile(r"MG[0-9a-fA-F]+")

HELP: Final = _(
    "Write a phone number such as +493023125199, a name of at most 11 letters (A-Z), digits and spaces, or a "
    "messaging service: MG and 32 hex digits."
)


def read(written: str, country: str | None) -> str | None:
    """The sender as Twilio takes it, numbers in E.164; None when Twilio would refuse it."""
    text = written.strip()
    number = phone.normalise(text, country)
    return number or (text if is_valid(text) else None)


def is_valid(sender: str) -> bool:
    """Whether Twilio takes it as it is."""
    if is_service(sender) or _NUMBER.fullmatch(sender):
        return True
    is_name = bool(_NAME.fullmatch(sender)) and sender == sender.strip()
    return is_name and not _PART_OF_SERVICE.fullmatch(sender)


def is_service(sender: str) -> bool:
    """Whether it is a messaging service, which picks the number itself."""
    return bool(_SERVICE.fullmatch(sender))


def takes_answers(sender: str) -> bool:
    """Whether the customer can answer, which is impossible if the sender is a name."""
    return is_service(sender) or sender.startswith("+")
