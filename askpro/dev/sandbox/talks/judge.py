"""Compares what a caller was told with what Cal.com holds."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from askpro.dev.sandbox.talks.memory import NOTHING

Json = dict[str, Any]

STANDING = ("accepted", "pending")
STILL_WORKING = "still_working"


def differences(talk: Json, bookings: Iterable[Json]) -> list[str]:
    """Each way in which a talk, as it was listed, and Cal.com's bookings contradict each other, in words.

    Bookings are the caller's by her address or number, so each caller needs her own.
    """
    left = [each for each in bookings if _is_hers(each, talk)]
    found = [problem for belief in talk["beliefs"] for problem in _missing(belief, left)]
    found += [f"Cal.com holds {_told(each)}, of which she was told nothing" for each in left]
    return [*found, *_contradictory_answers(talk)]


def _is_hers(booking: Json, talk: Json) -> bool:
    hers = (talk["email"], talk["from_number"])
    people = booking["attendees"]
    return booking["status"] in STANDING and any({each["email"], each.get("phoneNumber")} & {*hers} for each in people)


def _missing(belief: Json, left: list[Json]) -> Sequence[str]:
    """What is wrong with this belief; the booking that it is about is taken out of `left`."""
    wanted = [datetime.fromisoformat(start) for start in belief["may_be"] if start != NOTHING]
    booking = next((each for each in left if _is_one_of(each, belief["event_type"], wanted)), None)
    if booking is None:
        return [] if NOTHING in belief["may_be"] else [f"she believes in {belief}, and Cal.com has no such booking"]
    left.remove(booking)
    # With whom an appointment is after a move that she was told will be confirmed, she was not told.
    is_where_told = datetime.fromisoformat(booking["start"]) == wanted[0]
    if is_where_told and belief["staff"] and belief["staff"] != booking["hosts"][0]["name"]:
        return [f"she was told {belief['staff']}, and Cal.com has {booking['hosts'][0]['name']}"]
    certain = len(belief["may_be"]) == 1
    if certain and belief["waits_for_host"] != (booking["status"] == "pending"):
        return [f"she was told {belief}, and at Cal.com it is {booking['status']}"]
    return []


def _is_one_of(booking: Json, event_type: int, starts: list[datetime]) -> bool:
    return booking["eventTypeId"] == event_type and datetime.fromisoformat(booking["start"]) in starts


def _contradictory_answers(talk: Json) -> list[str]:
    """Requests that were repeated at the same moment must be answered alike."""
    return [
        f"{asking['function']} was answered {asking['answer']} and {other}"
        for asking in talk["askings"]
        for other in asking["others"]
        if other != asking["answer"] and STILL_WORKING not in (other["status"], asking["answer"]["status"])
    ]


def _told(booking: Json) -> str:
    return f"{booking['status']} {booking['eventTypeId']} at {booking['start']} (uid {booking['uid']})"
