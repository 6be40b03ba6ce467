"""Bytes, compressed and then encrypted, behind a header that says how and with which key.

    00 01  key id (4 bytes)  00 or 01 (plain, zlib)  nonce (12 bytes)  AES-256-GCM

The header is authenticated with the rest. Texts and JSON carry the same in base64 behind `sealed:<key id>:`, so that
their columns stay texts and SQL can tell which key wrote a row. Nothing that was stored in plain begins like either.
"""

import base64
import binascii
import os
import zlib
from typing import Final

from cryptography.exceptions import InvalidTag

from askpro.encryption import keys
from askpro.encryption.keys import Unreadable

VERSION: Final = b"\x00\x01"
_PLAIN: Final = b"\x00"
_ZLIB: Final = b"\x01"
_NONCE: Final = 12
_HEADER: Final = len(VERSION) + keys.ID_SIZE + 1
# Shorter ones hardly shrink. Level 1 packs JSON to a third in a fifth of the time that the default takes for a quarter.
_WORTH_PACKING: Final = 128
_LEVEL: Final = 1
PREFIX: Final = "sealed:"


def seal(plain: bytes) -> bytes:
    """Under the newest key."""
    key = keys.newest()
    packed = zlib.compress(plain, _LEVEL) if len(plain) >= _WORTH_PACKING else plain
    is_packed = len(packed) < len(plain)
    header = VERSION + key.id + (_ZLIB if is_packed else _PLAIN)
    nonce = os.urandom(_NONCE)
    return header + nonce + key.cipher.encrypt(nonce, packed if is_packed else plain, header)


def unseal(sealed: bytes) -> bytes:
    """Raises `Unreadable` when its key is gone, or a byte of it was changed."""
    header, nonce, rest = sealed[:_HEADER], sealed[_HEADER : _HEADER + _NONCE], sealed[_HEADER + _NONCE :]
    key = keys.of_id(header[len(VERSION) : -1])
    try:
        packed = key.cipher.decrypt(nonce, rest, header)
    except (InvalidTag, ValueError) as error:
        raise Unreadable(Unreadable.__doc__) from error
    return zlib.decompress(packed) if header.endswith(_ZLIB) else packed


def is_sealed(stored: bytes) -> bool:
    return stored.startswith(VERSION)


def seal_text(plain: str) -> str:
    """Raises `UnicodeEncodeError` for what is no text, as PostgreSQL would."""
    sealed = seal(plain.encode("utf-8"))
    return newest_prefix() + base64.b64encode(sealed).decode("ascii")


def unseal_text(sealed: str) -> str:
    """Raises `Unreadable`."""
    try:
        raw = base64.b64decode(sealed.rpartition(":")[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable(Unreadable.__doc__) from error
    return unseal(raw).decode("utf-8")


def is_sealed_text(stored: object) -> bool:
    return isinstance(stored, str) and stored.startswith(PREFIX)


def newest_prefix() -> str:
    """How every text begins that the newest key has written."""
    return f"{PREFIX}{keys.newest().id.hex()}:"


def newest_header() -> bytes:
    """How all bytes begin that the newest key has written."""
    return VERSION + keys.newest().id
