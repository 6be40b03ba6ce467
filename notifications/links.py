"""The addresses of customers' own pages: whoever has one may see and change what it is about, so each is a secret."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest, digest
from typing import Final

from django.conf import settings
from django.core.signing import b62_decode, b62_encode

from appointments.models import Appointment, Offer

# How long after its end an appointment can still be looked at.
LIVES_ON: Final = timedelta(days=7)
# 64 bits: whoever tries 1,000 signatures of one row a second meets the right one in half a billion years.
SIGNATURE_BYTES: Final = 8
SIGNATURE_LENGTH: Final = 11
MOST_DIGITS: Final = 11
_TOKEN: Final = re.compile(rf"[a-z][0-9A-Za-z]{{1,{MOST_DIGITS}}}[0-9A-Za-z]{{{SIGNATURE_LENGTH}}}", re.ASCII)


class Kind(StrEnum):
    """What a page is about; the token's first letter."""

    APPOINTMENT = "a"
    OFFER = "o"


@dataclass(frozen=True, slots=True)
class Reference:
    """What a token names: a kind of row and its id."""

    kind: Kind
    pk: int


def link_for(appointment: Appointment) -> str:
    """The customer's page of this appointment, a full URL. Nothing is stored for it, and it is the same each time."""
    return url_of(Reference(Kind.APPOINTMENT, appointment.pk))


def link_for_offer(offer: Offer) -> str:
    """The page on which its customer takes the freed time, or not."""
    return url_of(Reference(Kind.OFFER, offer.pk))


def url_of(reference: Reference) -> str:
    return f"{settings.PUBLIC_URL}/t/{token_of(reference)}/"


def token_of(reference: Reference) -> str:
    """The reference and its signature, letters and digits only: nothing that an SMS changes or a link ends at.

    16 characters up to id 14,776,335, then one more for each 62 times as many.
    """
    named = f"{reference.kind}{b62_encode(reference.pk)}"
    return named + _signature(named, settings.SECRET_KEY)


def read(token: str) -> Reference | None:
    """What a token names; None if this installation has not signed it, with its key or with an earlier one.

    Whether the row still exists, and has a page still, is for the caller to look at.
    """
    if _TOKEN.fullmatch(token) is None or token[0] not in [*Kind]:
        return None
    named, signature = token[:-SIGNATURE_LENGTH], token[-SIGNATURE_LENGTH:]
    # All are compared, so that the time it takes says nothing about which one fits.
    fits = [compare_digest(_signature(named, key), signature) for key in _keys()]
    if not any(fits):
        return None
    return Reference(Kind(named[0]), b62_decode(named[1:]))


def is_over(appointment: Appointment, now: datetime) -> bool:
    """Whether its page has ended."""
    return now >= appointment.ends_at + LIVES_ON


def _keys() -> Iterator[str]:
    yield settings.SECRET_KEY
    yield from settings.SECRET_KEY_FALLBACKS


def _signature(named: str, key: str) -> str:
    # A key of its own, so that no other signature under SECRET_KEY can ever be read as one of these.
    own_key = sha256(b"notifications.links:" + key.encode()).digest()
    number = int.from_bytes(digest(own_key, named.encode(), "sha256")[:SIGNATURE_BYTES])
    return b62_encode(number).rjust(SIGNATURE_LENGTH, "0")
