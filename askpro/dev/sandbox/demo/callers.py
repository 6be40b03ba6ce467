"""Invented people with invented numbers, a different one for each call."""

import random
from dataclasses import dataclass

_NAMES = (
    ("Jürgen", "Weiß"),
    ("Ayşe", "Demir"),
    ("Björn", "Größler"),
    ("Zoë", "Müller-Lüdenscheidt"),
    ("Paweł", "Kowalski"),
    ("Anneliese", "Schäfer"),
    ("Çağla", "Öztürk"),
    ("François", "Dubois"),
)
_PLAIN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ş": "s", "ë": "e", "ł": "l", "ç": "c", "ğ": "g"})


@dataclass(frozen=True, slots=True)
class Caller:
    first_name: str
    last_name: str
    phone: str
    email: str

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


def somebody() -> Caller:
    """The numbers are from an unassigned range, the addresses from a domain without mail."""
    first, last = random.choice(_NAMES)
    number = f"{random.randrange(10**7):07d}"
    address = f"{first}.{last}".lower().translate(_PLAIN)
    return Caller(first, last, f"+491555{number}", f"{address}.{number}@example.org")
