"""What the agent itself has booked during the call, by a function of its own."""

import re
from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Final

from calls.text import fold, word_set
from calls.wishes.told import ToolCall

# Retell's own tool for Cal.com, whose result can be believed.
RETELLS_OWN: Final = "book_appointment_cal"

_BOOKS: Final = word_set(
    "book books booking buchen buche buchung terminbuchung reserve reserves reservation reservieren reservierung "
    "vereinbaren terminvereinbarung schedule reschedule umbuchen umbuchung verschieben eintragen"
)
_MAKES: Final = word_set("create make add insert confirm set new submit anlegen erstellen bestaetigen speichern save")
_MADE: Final = word_set("appointment appointments booking bookings termin termine buchung event slot reservation")
_ONLY_LOOKS: Final = word_set(
    "check get list find search show fetch look lookup query read availability available slots collect gather ask "
    "pruefen verfuegbarkeit verfuegbar suchen anzeigen abfragen lesen sammeln erfassen cancel delete stornieren "
    "absagen loeschen transfer weiterleiten verbinden send senden"
)


class AgentBooked(StrEnum):
    """Whether the agent has booked already, so that booking the wish would make a second appointment."""

    NO = "no"
    PERHAPS = "perhaps"
    YES = "yes"


def booked_by_agent(
    tools: Iterable[ToolCall], functions: Iterable[str], wishes: int, ours: Collection[str] = ()
) -> AgentBooked:
    """Whether the agent has booked. `functions` are its booking functions according to the number's settings; `ours`
    are those that AskPro served itself, which are left out because their bookings are known.

    Only a function that is known to book is trusted, and only for as many wishes as it has succeeded. One whose name
    merely sounds like booking, or that reported no result, may have booked. One that failed has not. If `functions`
    are named, no others count.
    """
    named = {_base(name) for name in functions}
    certain, perhaps = 0, False
    for tool in tools:
        name = _base(tool.name)
        if tool.successful is False or name in ours:
            continue
        if name in named or name == RETELLS_OWN:
            certain += tool.successful is True
            perhaps |= tool.successful is None
        elif not named:
            perhaps |= sounds_like_booking(name)
    if certain and certain >= wishes:
        return AgentBooked.YES
    return AgentBooked.PERHAPS if certain or perhaps else AgentBooked.NO


def sounds_like_booking(name: str) -> bool:
    """Whether a function's name says that it books: `book_appointment`, `terminBuchen`, `create_booking`."""
    tokens = set(re.split(r"[^a-z]+", fold(re.sub(r"([a-z])([A-Z])", r"\1 \2", name))))
    return not tokens & _ONLY_LOOKS and bool(tokens & _BOOKS or (tokens & _MAKES and tokens & _MADE))


def _base(name: str) -> str:
    """Without the version that Retell appends: `book_appointment_v17`."""
    return re.sub(r"_v[0-9]+$", "", name.strip())
