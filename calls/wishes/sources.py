"""Reads what an agent collected, without what was known before the first word was spoken.

A session's variables come back with every event of its call, beside or among what the agent collected. None of them
is the caller's wish: the session's clock must never become the time of an appointment.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from calls.text import fold
from calls.wishes.field_names import (
    CALLER_FIELDS,
    FORMER_CLOCK,
    LISTS,
    WISH_FIELDS,
    Session,
    Source,
    folded_name,
    numbered,
)
from calls.wishes.told import Told

_CALLERS_OWN: Final = frozenset(name for part in ("name", "phone", "email") for name in CALLER_FIELDS[part])
_OURS: Final = frozenset(Session)
_TIMES: Final = frozenset(WISH_FIELDS["time"])

__all__ = ["Source", "spoken"]

Values = Mapping[str, object]


def spoken(call: Told) -> dict[Source, dict[str, object]]:
    """What each source says about the caller's wish, by the names as written.

    Besides the caller's name, number and address, these are left out:
    1. of the session's variables: those of the first event of the call, all of a call that we made, lists (the
       appointments that the agent was told of), and what our own answer to `call_inbound` set
    2. what another source repeats of the session, under the same name and with the same value
    3. the clock of the session under any name of a wished time
    """
    session, clocks = call.dynamic_variables, _clocks(call)
    return {
        Source.ANALYSIS: _without(call.custom_analysis, {}, clocks),
        Source.COLLECTED: _without(call.collected_variables, session, clocks),
        Source.DYNAMIC: _said_in_session(call, clocks),
        Source.UNDERSCORED: _without(call.underscored, session, clocks),
    }


def _clocks(call: Told) -> frozenset[str]:
    """The clock of our answer, as digits, under its present and its former name."""
    sessions = (call.dynamic_variables, call.session)
    return frozenset(
        _digits(value)
        for session in sessions
        for key, value in session.items()
        if folded_name(key) == Session.CLOCK or (folded_name(key) == FORMER_CLOCK and _is_ours(session))
    ) - {""}


def _said_in_session(call: Told, clocks: frozenset[str]) -> dict[str, object]:
    """Older agents wrote what they collected among the session's variables, during the call."""
    before = call.dynamic_variables if call.direction == "outbound" else call.session
    # If the first event is known, it shows whether a wish has overwritten the clock.
    is_clock = _is_ours(call.dynamic_variables) and not call.session
    left_out = {*LISTS, FORMER_CLOCK} if is_clock else {*LISTS}
    said = {key: value for key, value in call.dynamic_variables.items() if _plain(key) not in left_out}
    return _without(said, before, clocks)


def _without(said: Values, session: Values, clocks: Iterable[str]) -> dict[str, object]:
    known = {_plain(key): value for key, value in session.items()}
    return {
        key: value
        for key, value in said.items()
        if not (_is_repeated(_plain(key), value, known) or (_plain(key) in _TIMES and _digits(value) in clocks))
    }


def _is_repeated(name: str, value: object, known: Values) -> bool:
    return name in known and name not in _CALLERS_OWN and _same(value, known[name])


def _same(one: object, other: object) -> bool:
    """Whether both mean the same: an agent may write `18:55` as `18:55 Uhr`."""
    if not isinstance(one, str) or not isinstance(other, str):
        return one == other
    return fold(one) == fold(other) or (bool(_digits(one)) and _digits(one) == _digits(other))


def _is_ours(session: Values) -> bool:
    return any(folded_name(key) in _OURS for key in session)


def _plain(key: str) -> str:
    return numbered(folded_name(key))[0]


def _digits(value: object) -> str:
    return re.sub("[^0-9]", "", value[:100]) if isinstance(value, str) else ""
