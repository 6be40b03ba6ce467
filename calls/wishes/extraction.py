"""What the caller asked for, from the fields that the agent filled in. The transcript never books."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from calls.phone import HOME
from calls.wishes.agent_bookings import AgentBooked, booked_by_agent
from calls.wishes.answers import consent
from calls.wishes.field_names import CALLBACK, CALLER_FIELDS, REQUESTED
from calls.wishes.intentions import Intention, Intentions, concerns_existing, intentions_of
from calls.wishes.mentions import mentions_appointment, mentions_existing
from calls.wishes.sources import spoken
from calls.wishes.statements import Statement, statements
from calls.wishes.told import Told
from calls.wishes.unclear import Unclear
from calls.wishes.wish import Found, Version, WishedAppointment, flag, versions_in, wishes_in

MOST_WISHES: Final = 5


@dataclass(frozen=True, slots=True)
class Extraction:
    """The work after a call: its wishes, and what only a person can decide."""

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
        """Whether the agent has already done all that was asked for."""
        return self.agent_booked is AgentBooked.YES and self.objection is None

    @property
    def objection(self) -> Unclear | None:
        """What a person must judge before anything is booked, even if the wishes are complete."""
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
        """Whether something about an appointment was said that is in no wish."""
        unheard = not self.wishes and (self.mentions_appointment or bool(self.appointment_requested))
        settled = self.booked_by_agent or self.intentions.concern_existing
        return self.more_than_read or (unheard and not settled)

    @property
    def needs_listening(self) -> bool:
        """Whether a wish to cancel or move was heard that is in no field, so that a person must listen."""
        heard = self.mentions_existing or (self.retold_as_existing and not self.wishes)
        return heard and self.objection is None


def extract(call: Told, country: str = HOME, functions: Collection[str] = (), ours: Collection[str] = ()) -> Extraction:
    """Reads the wishes of a call; any payload that became a call is read without an error.

    The day and the time of a wish come from one source, never mixed: the first source with a complete wish,
    else the first with any. Other fields are filled from all sources in order. An agent's plain "no
    appointment requested" overrides leftovers in the fields of its own source, and so does a call without a
    conversation. A number is read as in `country`, the branch's. `functions` are the agent's that book, `ours`
    those that AskPro has served itself.
    """
    read = _read(call)
    wishes = _wishes(read, country)
    return Extraction(
        wishes=tuple(wishes[:MOST_WISHES]),
        versions=versions_in(read.found),
        sms_refused=any(_refuses_sms(rows) for rows in read.found.values()),
        appointment_requested=read.requested,
        callback_requested=_wants_callback(call, read),
        intentions=read.intentions,
        agent_booked=booked_by_agent(call.tool_calls, functions, len(wishes), ours),
        transferred=call.transferred,
        contradictory=bool(wishes) and read.doubtful,
        mentions_appointment=mentions_appointment(call.transcript),
        mentions_existing=mentions_existing(call.transcript),
        retold_as_existing=concerns_existing(call.summary or ""),
        more_than_read=len(wishes) > MOST_WISHES,
    )


def first_wish(call: Told, country: str = HOME) -> WishedAppointment | None:
    """The first wish that `extract` finds, from the fields alone."""
    return next(iter(_wishes(_read(call), country)), None)


# No repr: what a caller said must not reach a log through a traceback's variables.
@dataclass(frozen=True, slots=True, repr=False)
class _Read:
    found: Found
    requested: bool | None
    intentions: Intentions

    @property
    def doubtful(self) -> bool:
        """Whether an appointment may not be wished at all."""
        return (self.requested is False or self.intentions.only_ask) and not self.intentions.concern_existing


def _read(call: Told) -> _Read:
    said = {} if call.nobody_talked else spoken(call)
    found = {source: statements(values) for source, values in said.items()}
    intentions = intentions_of(said)
    if not call.may_be_quoted:
        # The caller's own words; what they mean may be kept.
        intentions = replace(intentions, words="")
    return _Read(found, _first_flag(found, REQUESTED), intentions)


def _wishes(read: _Read, country: str) -> list[WishedAppointment]:
    return wishes_in(read.found, read.requested, country, read.doubtful)


def _first_flag(found: Found, names: tuple[str, ...]) -> bool | None:
    flags = (flag(rows, names) for rows in found.values())
    return next((stated for stated in flags if stated is not None), None)


def _refuses_sms(rows: list[Statement]) -> bool:
    return any(consent(value) is False for row in rows for value in row.all(CALLER_FIELDS["sms_consent"]))


def _wants_callback(call: Told, read: _Read) -> bool:
    """A plain yes or no in its own field beats what other fields say."""
    stated = _first_flag(read.found, CALLBACK)
    return call.wants_callback or (Intention.CALL_BACK in read.intentions.stated if stated is None else stated)
