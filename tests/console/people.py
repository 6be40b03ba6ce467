"""Rows whose every name, number, address and word can be recognised on a page."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Final
from unicodedata import normalize
from urllib.parse import unquote

from django.apps import apps
from django.db import models

from askpro.console import display, masking
from askpro.privacy.classes import FIELDS, personal
from calls.models import Customer, NamePart

# Part of every text about people, and of no other text.
CANARY: Final = "Kranichfeder"
# Shorter digits may stand on a page by chance once what is between them is left out.
LONG: Final = 10
NUMBERS: Final = {"phone", "contact_phone", "from_number", "attendee_phone", "number", "recipient"}
ADDRESSES: Final = {"email", "attendee_email", "calcom_email"}


@dataclass
class People:
    """The numbers that were given, in each way in which a page could show them."""

    numbers: set[str] = field(default_factory=set)

    def found_in(self, text: str) -> set[str]:
        """What of them a page gives away, in whatever spelling."""
        plain = _plain(text)
        told = {each for each in self.numbers if each in text or (len(each) > LONG and _plain(each) in plain)}
        return told | ({CANARY} if _plain(CANARY) in plain else set())


def _plain(text: str) -> str:
    """Without what differs between spellings: case, accents, entities, quoting, and what stands between digits."""
    shown = normalize("NFKD", unquote(unescape(text))).casefold()
    return re.sub(r"(?<=\d)[\s().,/\-]+(?=\d)", "", shown)


def brand_people() -> People:
    """Write the canary, and numbers of nobody, into all that is to be masked."""
    people = People()
    for label in FIELDS:
        model = apps.get_model(label)
        if not model._meta.managed or not masking.holds_people(model):
            continue
        names = [name for name, meaning in personal(model) if meaning.holds in masking.HIDDEN]
        # What is on record about jobs and queues names nobody.
        rows = [row for row in model._default_manager.all() if masking._is_about_people(row)]
        for row in rows:
            for name in names:
                if getattr(row, name):
                    setattr(row, name, _branded(model._meta.get_field(name), row, people))
        if rows and names:
            model._default_manager.bulk_update(rows, names)
    for customer in Customer.objects.all():
        NamePart.write(customer)
    return people


def _branded(of: Any, row: models.Model, people: People) -> Any:
    value = getattr(row, of.name)
    if of.name in NUMBERS and "@" not in str(value):
        number = f"+4915559{row.pk:06d}"
        national = f"0{number.removeprefix('+49')}"
        people.numbers |= {number, number[3:], national, str(display._grouped(number)), f"59{row.pk:06d}"}
        return number
    if of.name in ADDRESSES or "@" in str(value)[:60]:
        return f"{CANARY.lower()}{row.pk}@example.org"
    if isinstance(value, bytes | memoryview):
        return f'{{"name": "{CANARY}"}}'.encode()
    if of.name == "review_reasons":
        return [{**reason, "facts": dict.fromkeys(reason["facts"], CANARY)} for reason in value]
    if isinstance(value, dict):
        return dict.fromkeys(value, CANARY) if of.name.endswith("facts") else {"name": CANARY}
    if isinstance(value, list):
        return [CANARY]
    limit = of.max_length or 200
    return f"{CANARY} {row.pk} Kranichflug"[:limit]
