"""Helpers to parse words as if said to a salon in Berlin on Monday, 17 November 2025, at ten."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from calls.german.moment import Moment, Reason
from calls.german.opening_hours import OpeningHours
from calls.german.time import parse_wish

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY_AT_TEN = datetime(2025, 11, 17, 10, 0, tzinfo=BERLIN)
NINE_TO_SIX = OpeningHours.from_json({day: [["09:00", "18:00"]] for day in ("mo", "di", "mi", "do", "fr", "sa", "so")})


def understood(
    datum: str,
    uhrzeit: str = "",
    *,
    said_at: datetime = MONDAY_AT_TEN,
    zone: ZoneInfo = BERLIN,
    opening_hours: OpeningHours = NINE_TO_SIX,
) -> str:
    """The branch's wall clock ("2025-11-20 16:00") or the reason ("past_date")."""
    answer = parse_wish(datum, uhrzeit, said_at=said_at, zone=zone, opening_hours=opening_hours)
    if isinstance(answer, Moment):
        return f"{answer.starts_at.astimezone(zone):%Y-%m-%d %H:%M}"
    assert isinstance(answer.reason, Reason)
    return answer.reason.value


def day_understood(datum: str, **kwargs: datetime) -> str:
    """Only the day, parsed with a time that is clear."""
    return understood(datum, "16:00", **kwargs).removesuffix(" 16:00")


def time_understood(uhrzeit: str, **kwargs: OpeningHours) -> str:
    """Only the time, parsed for the day after the call."""
    return understood("morgen", uhrzeit, **kwargs).removeprefix("2025-11-18 ")


def local(day: date, clock: time, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.combine(day, clock, tzinfo=zone)
