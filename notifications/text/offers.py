"""What a customer is told of a freed time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from calls.models.company import Language
from notifications.models import Notification
from notifications.text import dates
from notifications.text.wording import Offers


@dataclass(frozen=True, slots=True)
class Sentences:
    """The text before and after what may be left out, and the ways to tell that: the longest first."""

    before: str
    facts: tuple[str, ...]
    after: str

    @classmethod
    def of(cls, notification: Notification, words: Offers, language: Language) -> Self:
        offer = notification.offer
        assert offer is not None  # by the kind
        freed = offer.freed_time
        when = dates.short_moment(freed.local, language)
        if notification.kind != Notification.Kind.OFFER:
            return cls(words.gone.format(when=when), (), words.waits if offer.still_waits else "")
        assert offer.ends_at is not None  # by constraint
        service = f", {freed.service.name}"
        staff = words.staff.format(staff=freed.staff.name) if freed.staff is not None else ""
        place = f", {freed.branch.street}" if freed.branch.street else ""
        until = _until(offer.ends_at.astimezone(freed.zone), offer.created_at.astimezone(freed.zone), language)
        facts = (f"{service}{staff}{place}", f"{service}{staff}", service)
        return cls(words.offered.format(when=when), facts, words.answer.format(until=until))


def _until(ends_at: datetime, made_at: datetime, language: Language) -> str:
    """The time of day; with the date if that is not the day of the offer."""
    is_today = ends_at.date() == made_at.date()
    return dates.clock(ends_at, language) if is_today else dates.short_moment(ends_at, language)
