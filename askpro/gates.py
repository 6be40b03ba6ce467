"""The vendors' gates: one for each key, shared by every company and host that uses it."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from askpro.deadline import deadline
from askpro.queues.errors import JobError, Unavailable
from askpro.queues.ledger.gates import Gate, live

# With a lower limit, the burst and the part of it that is kept for urgent jobs would be less than one request.
LEAST = 10
LIMITS = ("RETELL_REQUESTS_PER_MINUTE", "CALCOM_REQUESTS_PER_MINUTE", "TWILIO_REQUESTS_PER_MINUTE", "MAILS_PER_MINUTE")


class OnlyThisMail(Unavailable):
    """The mail server defers this mail, for its content or its recipient; it accepts others."""


@contextmanager
def on_the_line(seconds: float, *, only_asks: bool = False) -> Iterator[None]:
    """Within the block a caller waits on the line: requests pass the gates first, and all together take `seconds`.

    Those that only ask pass before those that write, whose callers may wait longer. A request that does not end by then
    raises what a time-out raises; one for which no time is left is not made.
    """
    with live(seconds, only_asks=only_asks), deadline(seconds):
        yield


def retell(api_key: str) -> Gate:
    return Gate(f"retell:{_fingerprint(api_key)}", settings.RETELL_REQUESTS_PER_MINUTE)


def calcom(api_key: str) -> Gate:
    return Gate(f"calcom:{_fingerprint(api_key)}", settings.CALCOM_REQUESTS_PER_MINUTE)


def twilio(account_sid: str) -> Gate:
    return Gate(f"twilio:{_fingerprint(account_sid)}", settings.TWILIO_REQUESTS_PER_MINUTE)


def mail() -> Gate:
    return Gate(f"mail:{settings.EMAIL_HOST}"[:100], settings.MAILS_PER_MINUTE, _is_about_one_mail)


@register(Tags.compatibility)
def check_limits(**_: Any) -> list[CheckMessage]:
    """Each limit is 0 (none) or large enough to share."""
    return [
        Error(
            f"{name} is {getattr(settings, name)}.",
            hint=f"Set {name} to the vendor's limit, at least {LEAST}, or to 0 for none.",
            id="askpro.E006",
        )
        for name in LIMITS
        if getattr(settings, name) != 0 and getattr(settings, name) < LEAST
    ]


def _fingerprint(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()[:12]


def _is_about_one_mail(error: JobError) -> bool:
    return isinstance(error, OnlyThisMail)
