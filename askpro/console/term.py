"""What a person typed into a search box, read as everything it could be."""

import re
import uuid
from dataclasses import dataclass

from calls import phone

LARGEST_ID = 2**63 - 1
_DIGITS = re.compile(r"[0-9 ()/.+\-]{4,}")


@dataclass(frozen=True, slots=True)
class Term:
    """`text` as typed; the rest is None (or empty) where it cannot be that."""

    text: str
    number: int | None
    uuid: uuid.UUID | None
    phone: str | None
    phone_start: str

    @classmethod
    def of(cls, typed: str) -> "Term":
        """Read any input; what PostgreSQL cannot hold (NUL, lone surrogates) is dropped."""
        text = typed.replace("\x00", "").encode("utf-8", "ignore").decode().strip()[:200]
        plain = text.lstrip("#")
        number = int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 20 else None
        return cls(
            text=text,
            number=number if number is not None and number <= LARGEST_ID else None,
            uuid=_uuid(text),
            phone=phone.normalise(text),
            phone_start=_phone_start(text),
        )

    @property
    def is_email(self) -> bool:
        return "@" in self.text


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _phone_start(text: str) -> str:
    """The beginning of a number in E.164: "030 231" is +4930231; empty when it does not look like one."""
    if not _DIGITS.fullmatch(text):
        return ""
    digits = re.sub(r"[^0-9]", "", text)
    if text.startswith("+"):
        return f"+{digits}"
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    return f"+49{digits[1:]}" if digits.startswith("0") else ""
