"""What the caller asked for, from the fields that the agent filled in. The transcript never books."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from askpro.reading import clean
from calls.german.time import names_day_and_time
from calls.phone import HOME, normalise
from calls.text import fold
from calls.wishes.agent_bookings import AgentBooked, booked_by_agent
from calls.wishes.answers import consent
from calls.wishes.field_names import CALLBACK, CALLER_FIELDS, REQUESTED
from calls.wishes.intentions import Intention, Intentions, concerns_existing, intentions_of
from calls.wishes.mentions import mentions_appointment, mentions_existing
from calls.wishes.sources import Source, spoken
from calls.wishes.statements import Statement, statements
from calls.wishes.told import Told
from calls.wishes.unclear import Unclear

MOST_WISHES: Final = 5

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


# No repr: what a caller said must not reach a log through a traceback's variables.
@dataclass(frozen=True, slots=True, repr=False)
class WishedAppointment:
    """One appointment as the caller wished it, in the caller's words; text not said is empty.

    `date_words` and `time_words` are for calls.german.time.parse_wish. `contact_phone` is the number that the
    caller said, in E.164 if valid. A consent is None when the caller was not heard to say yes or no.
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

    @property
    def complete(self) -> bool:
        """Whether day and time were said, clear or not: a later event will hardly say more."""
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


@dataclass(frozen=True, slots=True)
class Extraction:
    """What is to be done after a call: its wishes, and what only a person can decide."""

    wishes: tuple[WishedAppointment, ...]
    versions: tuple[Version, ...]
    sms_refused: bool
    appointment_requested: bool | None
    callback_requested: bool
    intentions: Intentions
    agent_booked: AgentBooked
    transferred: bool
    contradictory: bool
    mentions_appointment: bool
    mentions_existing: bool
    retold_as_existing: bool
    more_than_read: bool

    @property
    def complete(self) -> bool:
        return bool(self.wishes) and all(wish.complete for wish in self.wishes)

    @property
    def booked_by_agent(self) -> bool:
        """The agent has done all that was asked for."""
        return self.agent_booked is AgentBooked.YES and self.objection is None

    @property
    def objection(self) -> Unclear | None:
        """What a person has to judge before anything is booked, however complete the wishes are."""
        if self.intentions.contradictory:
            return Unclear.MIXED
        if Intention.MOVE in self.intentions.stated:
            return Unclear.MOVE
        if Intention.CANCEL in self.intentions.stated:
            return Unclear.CANCEL
        if self.contradictory:
            return Unclear.CONTRADICTION
        if self.agent_booked is AgentBooked.PERHAPS:
            return Unclear.PERHAPS_BOOKED
        return Unclear.TRANSFERRED if self.transferred and self.agent_booked is AgentBooked.NO else None

    @property
    def needs_review(self) -> bool:
        """Something about an appointment was said that no wish holds."""
        unheard = not self.wishes and (self.mentions_appointment or bool(self.appointment_requested))
        settled = self.booked_by_agent or self.intentions.concern_existing
        return self.more_than_read or (unheard and not settled)

    @property
    def needs_listening(self) -> bool:
        """A wish to cancel or to move was heard that no field tells: somebody has to listen."""
        heard = self.mentions_existing or (self.retold_as_existing and not self.wishes)
        return heard and self.objection is None


def extract(call: Told, country: str = HOME, functions: Collection[str] = ()) -> Extraction:
    """Reads the wishes of a call; any payload that became a call is read without an error.

    The day and the time of a wish come from one source, never mixed: the first source with a complete wish,
    else the first with any. Other fields are filled from all sources in order. An agent's plain "no
    appointment requested" overrides leftovers in the fields of its own source, and so does a call without a
    conversation. A number is read as in `country`, the branch's. `functions` are the agent's that book.
    """
    said = {} if call.nobody_talked else spoken(call)
    found = {source: statements(values) for source, values in said.items()}
    requested = _first_flag(found, REQUESTED)
    intentions = intentions_of(said)
    if not call.may_be_quoted:
        # The caller's own words; what they mean may be kept.
        intentions = replace(intentions, words="")
    doubtful = (requested is False or intentions.only_ask) and not intentions.concern_existing
    wishes = _wishes(found, requested, country, doubtful)
    if doubtful and not all(wish.complete for wish in wishes):
        wishes = []
    return Extraction(
        wishes=tuple(wishes[:MOST_WISHES]),
        versions=_versions(found),
        sms_refused=any(_refuses_sms(rows) for rows in found.values()),
        appointment_requested=requested,
        callback_requested=_wants_callback(call, found, intentions),
        intentions=intentions,
        agent_booked=booked_by_agent(call.tool_calls, functions, len(wishes)),
        transferred=call.transferred,
        contradictory=bool(wishes) and doubtful,
        mentions_appointment=mentions_appointment(call.transcript),
        mentions_existing=mentions_existing(call.transcript),
        retold_as_existing=concerns_existing(call.summary or ""),
        more_than_read=len(wishes) > MOST_WISHES,
    )


_Found = dict[Source, list[Statement]]


def _first_flag(found: _Found, names: tuple[str, ...]) -> bool | None:
    flags = (_flag(rows, names) for rows in found.values())
    return next((flag for flag in flags if flag is not None), None)


def _flag(rows: list[Statement], names: tuple[str, ...]) -> bool | None:
    flags = (consent(rows[0].values.get(name)) for name in names if rows)
    return next((flag for flag in flags if flag is not None), None)


def _versions(found: _Found) -> tuple[Version, ...]:
    """What the analysis and the agent say, each for itself. The other sources are read only where these say nothing."""
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


def _refuses_sms(rows: list[Statement]) -> bool:
    return any(consent(value) is False for row in rows for value in row.all(CALLER_FIELDS["sms_consent"]))


def _wants_callback(call: Told, found: _Found, intentions: Intentions) -> bool:
    """A plain yes or no in its own field beats what other fields say."""
    flag = _first_flag(found, CALLBACK)
    return call.wants_callback or (Intention.CALL_BACK in intentions.stated if flag is None else flag)


def _wishes(found: _Found, requested: bool | None, country: str, doubtful: bool) -> list[WishedAppointment]:
    by_source = {
        source: [_wish(source, row, found, country) for row in rows if _says_when(row)]
        for source, rows in found.items()
        if not (doubtful and _flag(rows, REQUESTED) is False)
    }
    complete = (wishes for wishes in by_source.values() if any(wish.complete for wish in wishes))
    stated = (wishes for wishes in by_source.values() if wishes)
    wishes = next(complete, None) or next(stated, None) or []
    if wishes or not requested:
        return wishes
    return [_wish(Source.ANALYSIS, Statement(1, {}), found, country)]


def _says_when(row: Statement) -> bool:
    return any(row.text(part) for part in ("date", "time", "moment"))


def _wish(source: Source, row: Statement, found: _Found, country: str) -> WishedAppointment:
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
    )


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
