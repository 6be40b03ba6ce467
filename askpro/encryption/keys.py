"""The keys of DATA_KEYS: the first one writes, all of them read."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

SIZE: Final = 32
ID_SIZE: Final = 4
HOW: Final = "DATA_KEYS holds keys of 64 hex digits, the newest first. Make one with: openssl rand -hex 32"


class Unreadable(Exception):
    """It was encrypted with a key that is not in DATA_KEYS (or, before there were any, in SECRET_KEY)."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key for AES-256 in Galois/counter mode, and the short id that stands before what it has encrypted."""

    id: bytes
    cipher: AESGCM = field(repr=False)

    @classmethod
    def of(cls, written: str) -> "Key":
        """Raises `ValueError` for what is not 64 hex digits; the message never quotes it."""
        try:
            raw = bytes.fromhex(written) if written.isalnum() else b""
        except ValueError:
            raw = b""
        if len(raw) != SIZE:
            raise ValueError(HOW)
        return cls(hashlib.sha256(b"askpro.data-key:" + raw).digest()[:ID_SIZE], AESGCM(raw))


def newest() -> Key:
    """The key that writes. Raises `ImproperlyConfigured` without one."""
    return _read(tuple(settings.DATA_KEYS))[0]


def of_id(key_id: bytes) -> Key:
    """Raises `Unreadable` for a key that is not there any more."""
    for key in _read(tuple(settings.DATA_KEYS)):
        if key.id == key_id:
            return key
    raise Unreadable(Unreadable.__doc__)


def faults(written: Sequence[str]) -> list[str]:
    """What is wrong with these keys, in sentences that quote none."""
    if not written:
        return ["DATA_KEYS is empty: raw webhooks, transcripts and secrets cannot be stored."]
    found = []
    for place, each in enumerate(written, start=1):
        try:
            Key.of(each)
        except ValueError:
            found.append(f"Key {place} of DATA_KEYS is not 64 hex digits.")
    if len({each.lower() for each in written}) < len(written):
        found.append("A key stands in DATA_KEYS twice.")
    return found


@lru_cache(maxsize=16)
def _read(written: tuple[str, ...]) -> list[Key]:
    try:
        keys = [Key.of(each) for each in written]
    except ValueError as error:
        raise ImproperlyConfigured(str(error)) from None
    if not keys:
        raise ImproperlyConfigured(HOW)
    return keys
