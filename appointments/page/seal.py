"""What a form may do, signed: it does exactly this, for this link, while the appointment is as the form showed it."""

from typing import Final

from django.utils.crypto import constant_time_compare, salted_hmac

LENGTH: Final = 32


def seal(token: str, act: str, *shown: object) -> str:
    """The seal of a form that does `act` at this link, after its page has shown these facts."""
    text = "\n".join(str(part) for part in (token, act, *shown))
    return salted_hmac("appointments.page.seal", text, algorithm="sha256").hexdigest()[:LENGTH]


def holds(given: str, token: str, act: str, *shown: object) -> bool:
    """Whether a form with this seal was made for this, and for nothing else."""
    return constant_time_compare(given, seal(token, act, *shown))
