"""Counts how spoken moments are read: right, asked about, or wrong, with the words."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TypeVar
from zoneinfo import ZoneInfo

from calls.german.moment import Moment
from calls.german.opening_hours import OpeningHours
from calls.german.time import parse_wish

BERLIN = ZoneInfo("Europe/Berlin")
WHOLE = os.environ.get("ASKPRO_TEST_LONG") == "1"
# The report names the forms that are asked about most.
MOST_FORMS = 25

_Case = TypeVar("_Case")


def sampled(cases: Iterable[_Case], one_in: int) -> Iterator[_Case]:
    """All cases with `manage.py test --long`, else every `one_in`th: a prime, so that no form is always skipped."""
    return islice(cases, 0, None, 1 if WHOLE else one_in)


class Tally:
    """The verdicts by form."""

    def __init__(self) -> None:
        self.read: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self.wrong: list[str] = []

    def hear(
        self, form: str, words: tuple[str, str], meant: datetime | None, *, said_at: datetime, hours: OpeningHours
    ) -> None:
        """`meant` is the right result; None if only asking is right."""
        answer = parse_wish(*words, said_at=said_at, zone=BERLIN, opening_hours=hours)
        if not isinstance(answer, Moment):
            self.asked[form] += 1
        elif answer.starts_at == meant:
            self.read[form] += 1
        else:
            heard = answer.starts_at.astimezone(BERLIN)
            self.wrong.append(f"{words}, said {said_at:%a %Y-%m-%d %H:%M}: {heard:%Y-%m-%d %H:%M}, meant {meant}")

    def report(self) -> str:
        forms = sorted(self.asked, key=lambda form: -self.asked[form])
        asked = (f"{form} {self.asked[form]}/{self.asked[form] + self.read[form]}" for form in forms[:MOST_FORMS])
        return (
            f"{self.read.total()} read, {self.asked.total()} asked, {len(self.wrong)} wrong. Asked: {'; '.join(asked)}"
        )
