"""Free times while the caller waits."""

from datetime import datetime, timedelta
from typing import Final

from appointments.availability import free_times
from appointments.booking import alternatives
from askpro.queues.errors import JobError
from calls.functions.conversation import MOST_CHOICES, Conversation
from calls.models import BookingRequest

SEARCH: Final = timedelta(days=alternatives.SEARCH_DAYS)


def free(
    conversation: Conversation,
    request: BookingRequest,
    start: datetime,
    end: datetime,
    *,
    as_just_heard: bool = False,
) -> list[datetime]:
    """When the wished service can begin, from `start` until before `end`, in UTC. Raises `JobError`."""
    assert request.service is not None
    patience, branch = conversation.patience, request.where
    return free_times(
        request.service, start, end, request.staff, patience=patience, branch=branch, as_just_heard=as_just_heard
    )


def others(conversation: Conversation, request: BookingRequest) -> list[datetime]:
    """Up to three free times near the wished one, or on the days after it; none if they cannot be learnt in time.

    Whoever books one while they are chosen does not make the caller wait for a second answer of Cal.com.
    """
    wished = request.starts_at
    assert wished is not None
    try:
        found = free(conversation, request, wished - alternatives.NEAR, wished + SEARCH, as_just_heard=True)
    except JobError:
        return []
    return alternatives.choose(found, wished, wished - alternatives.NEAR, request.where.zone)[:MOST_CHOICES]


def spread(times: list[datetime], most: int = MOST_CHOICES) -> list[datetime]:
    """A few of them that lie apart from each other: the first, the last, and what is between."""
    if len(times) <= most:
        return times
    return [times[round(place * (len(times) - 1) / (most - 1))] for place in range(most)]


def closed(request: BookingRequest) -> str:
    """Why the branch is closed on the wished day, in its own words; empty if it is not."""
    assert request.starts_at is not None
    day = request.starts_at.astimezone(request.where.zone).date()
    return request.where.closed_on(day, day).get(day, "")
