"""The words in what the agent is told while the phone rings, in German and English."""

from dataclasses import dataclass
from typing import Final

from calls.models.company import Language


@dataclass(frozen=True, slots=True)
class Wording:
    """`{…}` is filled by `inbound`."""

    weekdays: tuple[str, ...]
    span: str
    hours: str
    also: str
    closed: str
    service: str
    with_staff: str
    not_agreed: str
    yes: str
    no: str


GERMAN: Final = Wording(
    weekdays=("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    span="{opens} bis {closes}",
    hours="{day} {spans} Uhr",
    also=" und ",
    closed="geschlossen am {day} ({why})",
    service="{service} ({minutes} Minuten)",
    with_staff="{service} bei {staff}",
    not_agreed="noch nicht bestätigt",
    yes="ja",
    no="nein",
)
ENGLISH: Final = Wording(
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    span="{opens} to {closes}",
    hours="{day} {spans}",
    also=" and ",
    closed="closed on {day} ({why})",
    service="{service} ({minutes} minutes)",
    with_staff="{service} with {staff}",
    not_agreed="not confirmed yet",
    yes="yes",
    no="no",
)

WORDINGS: Final = {Language.GERMAN: GERMAN, Language.ENGLISH: ENGLISH}
