"""One appointment as the caller wished it, combined from what the sources say."""

import re
from dataclasses import dataclass
from typing import Final

from askpro.reading import clean
from calls.german.time import names_day_and_time
from calls.phone import normalise
from calls.text import fold
from calls.wishes.answers import consent
from calls.wishes.field_names import CALLER_FIELDS, NEW_TIME_FIELDS, REQUESTED
from calls.wishes.sources import Source
from calls.wishes.statements import Statement

_LONGEST_WORDS: Final = 200
_CUT: Final = " […]"  # a bracket: words that were cut must not parse as if they were whole
_NO_PREFERENCE: Final = frozenset(
    {
        "egal",
        "keine",
        "keiner",
        "kein",
        "kein wunsch",
        "keine praeferenz",
        "beliebig",
        "niemand",
        "any",
        "no preference",
    }
)

# What each source says, by appointment.
Found = dict[Source, list[Statement]]


# No repr: what a caller said must not reach a log through a traceback's variables.
@dataclass(frozen=True, slots=True, repr=False)
class WishedAppointment:
    """One appointment as the caller wished it, in the caller's words; text not said is empty.

    `date_words` and `time_words` are for calls.german.time.parse_wish. `contact_phone` is the number that the
    caller said, in E.164 if valid. A consent is None when the caller was not heard to say yes or no. `says_new_time`:
    day and time were said as the new ones of a move (`neues_datum`); a plain `datum` may be the old one.
    """

    ordinal: int
    source: Source
    date_words: str
    time_words: str
    service_words: str = ""
    staff_words: str = ""
    branch_words: str = ""
    name: str = ""
    contact_phone: str | None = None
    email: str = ""
    notes: str = ""
    sms_consent: bool | None = None
    email_consent: bool | None = None
    alternatives_wanted: bool | None = None
    says_new_time: bool = False

    @property
    def complete(self) -> bool:
        """Whether day and time were said, clear or not, so that a later event will hardly add anything."""
        return bool(self.date_words and self.time_words) or names_day_and_time(self.date_words, self.time_words)


@dataclass(frozen=True, slots=True, repr=False)
class Version:
    """What one source alone says of one appointment; text not said is empty."""

    ordinal: int
    date_words: str
    time_words: str
    service_words: str
    staff_words: str
    branch_words: str

    @property
    def says_when(self) -> bool:
        return bool(self.date_words or self.time_words)

    @property
    def words(self) -> str:
        said = (self.service_words, self.date_words, self.time_words, self.staff_words, self.branch_words)
        return ", ".join(part for part in said if part)


def wishes_in(found: Found, requested: bool | None, country: str, doubtful: bool) -> list[WishedAppointment]:
    """The wishes of the first source with a complete one, else of the first with any. If it is in doubt whether an
    appointment is wished, only complete wishes count, and none of a source that says no.
    """
    by_source = {
        source: [_wish(source, row, found, country) for row in rows if _says_when(row)]
        for source, rows in found.items()
        if not (doubtful and flag(rows, REQUESTED) is False)
    }
    complete = (wishes for wishes in by_source.values() if any(wish.complete for wish in wishes))
    stated = (wishes for wishes in by_source.values() if wishes)
    wishes = next(complete, None) or next(stated, None) or []
    if not wishes and requested:
        wishes = [_wish(Source.ANALYSIS, Statement(1, {}), found, country)]
    return [] if doubtful and not all(wish.complete for wish in wishes) else wishes


def wish_of(row: Statement, country: str) -> WishedAppointment:
    """The wish that one statement makes by itself, whatever it leaves unsaid."""
    return _wish(Source.COLLECTED, row, {}, country)


def versions_in(found: Found) -> tuple[Version, ...]:
    """What the analysis and the agent say, separately. The other sources are read only if these say nothing."""
    rows = [row for source in (Source.ANALYSIS, Source.COLLECTED) for row in found.get(source, ())]
    versions = [
        Version(
            ordinal=row.ordinal,
            date_words=_day_words(row),
            time_words=_quoted(row.text("time")),
            service_words=_words([row], "service"),
            staff_words=_staff_words([row]),
            branch_words=_words([row], "branch"),
        )
        for row in rows
    ]
    return tuple(version for version in versions if version.words)


def flag(rows: list[Statement], names: tuple[str, ...]) -> bool | None:
    """The first plain yes or no of a source's first appointment in a field of these names."""
    flags = (consent(rows[0].values.get(name)) for name in names if rows)
    return next((stated for stated in flags if stated is not None), None)


def _says_when(row: Statement) -> bool:
    return any(row.text(part) for part in ("date", "time", "moment"))


def _wish(source: Source, row: Statement, found: Found, country: str) -> WishedAppointment:
    everywhere = [row, *(other for rows in found.values() for other in rows if other.ordinal == row.ordinal)]
    callers = [*everywhere, *(other for rows in found.values() for other in rows[:1])]
    return WishedAppointment(
        ordinal=row.ordinal,
        source=source,
        date_words=_day_words(row),
        time_words=_quoted(row.text("time")),
        service_words=_words(everywhere, "service"),
        branch_words=_words(everywhere, "branch"),
        staff_words=_staff_words(everywhere),
        name=_words(callers, "name"),
        contact_phone=normalise(_words(callers, "phone"), country),
        email=_email(_words(callers, "email")),
        notes=_words(everywhere, "notes", 2000),
        sms_consent=_consent(callers, "sms_consent"),
        email_consent=_consent(callers, "email_consent"),
        alternatives_wanted=_consent(callers, "alternatives"),
        says_new_time=_says_new_time(row),
    )


def _says_new_time(row: Statement) -> bool:
    """Whether all that the row says about the time is in fields for the new time."""
    told = [name for part in ("date", "time", "moment") if (name := row.told_by(part))]
    return bool(told) and set(told) <= NEW_TIME_FIELDS


def _day_words(row: Statement) -> str:
    return _quoted(", ".join(dict.fromkeys(filter(None, (row.text("date"), row.text("moment"))))))


def _staff_words(rows: list[Statement]) -> str:
    staff = _words(rows, "staff")
    return "" if fold(staff) in _NO_PREFERENCE else staff


def _words(rows: list[Statement], part: str, limit: int = _LONGEST_WORDS) -> str:
    return clean(next((text for row in rows if (text := row.text(part))), ""), limit)


def _consent(rows: list[Statement], part: str) -> bool | None:
    """A no anywhere beats a yes."""
    flags = {consent(value) for row in rows for value in row.all(CALLER_FIELDS[part])}
    return False if False in flags else True if True in flags else None


def _quoted(words: str) -> str:
    return words if len(words) <= _LONGEST_WORDS else words[: _LONGEST_WORDS - len(_CUT)] + _CUT


def _email(said: str) -> str:
    return said if re.fullmatch(r"[^@\s]{1,64}@[^@\s]{1,180}\.[^@\s.]{2,24}", said) else ""
