"""Reads a caller's words for day and time, by the place and time at which they were said."""

from calls.german.moment import Moment, Unclear
from calls.german.opening_hours import InvalidOpeningHours, OpeningHours
from calls.german.time import parse_wish
from calls.models import Branch, Call


def moment_of(call: Call, branch: Branch, date_words: str, time_words: str) -> Moment | Unclear:
    """Relative words count from the call's start in the branch's zone, never from the time of a job."""
    try:
        hours = OpeningHours.from_json(branch.opening_hours)
    except InvalidOpeningHours:
        hours = OpeningHours()
    return parse_wish(date_words, time_words, said_at=call.said_at, zone=branch.zone, opening_hours=hours)
