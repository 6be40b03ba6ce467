"""Words in a transcript or a summary. They are a reason for a person to look, never a reason to book or not to book."""

import re
from typing import Final

from calls.text import fold
from calls.wishes.intentions import concerns_existing

_APPOINTMENT: Final = re.compile(
    r"\b(termin\w*|buch(en|e|t)|reservier\w*|vereinbar\w*|uebermorgen|(?<!guten )morgen|"
    r"(mon|diens|donners|frei|sams|sonn)tag\w*|mittwoch\w*|sonnabend\w*)\b"
)


def mentions_appointment(transcript: str | None) -> bool:
    """Whether the caller, not the agent, used a word of appointments."""
    return any(_APPOINTMENT.search(fold(line)) for line in _lines_of_caller(transcript))


def mentions_existing(transcript: str | None) -> bool:
    """Whether the caller, not the agent, used a word of cancelling or moving."""
    return any(concerns_existing(line) for line in _lines_of_caller(transcript))


def _lines_of_caller(transcript: str | None) -> list[str]:
    callers, lines = False, []
    for line in (transcript or "").splitlines():
        speaker = re.match(r"\s*(User|Agent|Transfer Target)\s*:", line)
        if speaker:
            callers = speaker[1] == "User"
        if callers:
            lines.append(line)
    return lines
