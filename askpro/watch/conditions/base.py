"""What a condition is: a question with a threshold, and the words that tell people what its answer means."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from askpro.language.text import Text

# The longest text that says what a finding is about.
ABOUT = 100


class Severity(models.TextChoices):
    """How much it hurts."""

    WARNING = "warning", _("Warning")
    CRITICAL = "critical", _("Critical")


class Source(StrEnum):
    """What a condition reads. One that reads a source which does not answer is not known: neither begun nor ended."""

    POSTGRES = "postgres"
    REDIS = "redis"
    SMTP = "smtp"
    DISK = "disk"
    PROCESS = "process"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class Finding:
    """That something is wrong now. `about` tells it from others of its condition: a queue, a host, …

    `since` is when it began, where the finder knows; else it is when it was first found. `facts` fill the condition's
    words. Neither may hold anything personal, or an address, key or text of a stranger.
    """

    about: str
    value: float
    threshold: float
    since: datetime | None = None
    facts: Mapping[str, str | int | float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make it fit for every store: none takes a NUL, and JSON knows no infinity."""
        object.__setattr__(self, "about", _text(self.about, ABOUT))
        object.__setattr__(self, "value", _number(self.value))
        object.__setattr__(self, "threshold", _number(self.threshold))
        object.__setattr__(self, "facts", {_text(name, ABOUT): _fact(fact) for name, fact in self.facts.items()})


Finder = Callable[[datetime], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that can be wrong. All times are in seconds.

    `title`, `cause`, `todo` and `link` are format strings: {about}, {value}, {threshold} and the finding's facts.
    `link` is a path below the console's address, or a whole address.
    """

    code: str
    title: Text
    severity: Severity
    needs: frozenset[Source]
    # Between two looks.
    every: float
    # That it must hold before it is told, and must be gone before its end is told.
    lasts: float
    clears: float
    # A warning that waits for the morning (ALERT_QUIET_HOURS).
    quiet: bool
    cause: Text
    todo: Text
    link: str
    find: Finder
    thresholds: Mapping[str, float]
    # Sentences that its findings' facts may be, in English as they are stored; people read them in their language.
    says: tuple[Text, ...] = ()
    # Each host sees it for itself: another host's watcher that finds nothing says nothing about it.
    local: bool = False
    # How long one look may take; after that it is not known.
    patience: float = 5.0


EVERY: Final = 30.0
LASTS: Final = 60.0
CLEARS: Final = 120.0

_FACT: Final = 300
_LARGEST: Final = 1e15


def _fact(fact: str | int | float) -> str | int | float:
    return _text(fact, _FACT) if isinstance(fact, str) else _number(fact)


def _text(text: str, most: int) -> str:
    return str(text).replace("\0", "").encode("utf-8", "replace").decode()[:most]


def _number(number: float) -> float:
    if not math.isfinite(number):
        return 0.0 if math.isnan(number) else math.copysign(_LARGEST, number)
    return number
