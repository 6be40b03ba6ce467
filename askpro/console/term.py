"""What a person typed into a search box, read as everything it could be."""

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from calls import phone

LARGEST_ID = 2**63 - 1
SHORTEST_NUMBER = 3
_DIGITS = re.compile(r"[0-9 ()/.+\-]{4,}")


@dataclass(frozen=True, slots=True)
class Term:
    """`text` as typed; the rest is None (or empty) where it cannot be that.

    A number typed in its national form is several: one in each country that companies here have.
    """

    text: str
    number: int | None
    uuid: uuid.UUID | None
    phones: tuple[str, ...]
    phone_starts: tuple[str, ...]
    # Whose rows may be meant; None: anybody's.
    companies: frozenset[int] | None = None
    # What was looked up for the term already, by its name.
    known: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    # Whether it may be looked for among names, numbers and addresses of people.
    means_people: bool = True

    @classmethod
    def of(
        cls, typed: str, countries: Iterable[str] = (phone.HOME,), companies: frozenset[int] | None = None
    ) -> "Term":
        """Read any input; what PostgreSQL cannot hold (NUL, lone surrogates) is dropped.

        `countries` are those whose national numbers may be meant; they are not looked at where it is no number.
        """
        text = typed.replace("\x00", "").encode("utf-8", "ignore").decode().strip()[:200]
        plain = text.lstrip("#")
        number = int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 20 else None
        countries = tuple(countries) if _may_be_number(text) else ()
        numbers = {phone.normalise(text, country) for country in countries}
        return cls(
            text=text,
            number=number if number is not None and number <= LARGEST_ID else None,
            uuid=_uuid(text),
            phones=tuple(sorted(number for number in numbers if number)),
            phone_starts=_phone_starts(text, countries),
            companies=companies,
        )

    def numbers(self, *fields: str) -> Q:
        """The rows that have this number, or one that begins so, in one of these fields; none where it is no number."""
        whole = [Q(**{f"{field}__in": self.phones}) for field in fields] if self.phones else []
        begun = [Q(**{f"{field}__startswith": start}) for field in fields for start in self.phone_starts]
        return reduce(or_, whole or begun, Q(pk__in=[]))

    def impersonal(self) -> "Term":
        """The same, meant as an id or a vendor's code, which are one word with digits; nothing where it can be neither.

        Whoever finds rows by a field that holds people asks `means_people` first.
        """
        is_code = any(letter.isdigit() for letter in self.text) and not re.search(r"[@\s]", self.text)
        text = self.text if is_code else ""
        return replace(self, text=text, phones=(), phone_starts=(), known={}, means_people=False)

    @property
    def one_spelling(self) -> str:
        """The term in the form that all its spellings share: a number's, else the text itself."""
        return self.phones[0] if len(self.phones) == 1 else self.text

    @property
    def is_number(self) -> bool:
        return bool(self.phones or self.phone_starts)

    @property
    def is_email(self) -> bool:
        return "@" in self.text


def _may_be_number(text: str) -> bool:
    return len(text) >= SHORTEST_NUMBER and not any(letter.isalpha() for letter in text)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _phone_starts(text: str, countries: Iterable[str]) -> tuple[str, ...]:
    """The beginnings of numbers in E.164: "030 231" is +4930231; none when it does not look like one."""
    if not _DIGITS.fullmatch(text):
        return ()
    digits = re.sub(r"[^0-9]", "", text)
    if text.startswith("+"):
        return (f"+{digits}",)
    if digits.startswith("00"):
        return (f"+{digits[2:]}",)
    return tuple(f"+{phone.code(country)}{digits[1:]}" for country in countries) if digits.startswith("0") else ()
