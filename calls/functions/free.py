"""Free times while the caller waits: from Cal.com, for as long as her patience lasts."""

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from appointments.booking import alternatives
from appointments.calcom import client as calcom
from askpro.deadline import deadline
from askpro.queues.errors import JobError, Unavailable
from calls.functions.conversation import MOST_CHOICES, Conversation
from calls.models import Service, Staff

SEARCH: Final = timedelta(days=alternatives.SEARCH_DAYS)


def free(
    conversation: Conversation, service: Service, start: datetime, end: datetime, staff: Staff | None = None
) -> list[datetime]:
    """The free starts in UTC between both, none sooner than the service's minimum notice. Raises `JobError`."""
    start = max(start, timezone.now() + timedelta(minutes=service.minimum_notice_minutes))
    if start >= end:
        return []
    if service.calcom_event_type_id is None:
        raise Unavailable("The service has no event type at Cal.com.")
    if not conversation.patience:
        raise Unavailable("There is no time to ask Cal.com.")
    with deadline(conversation.patience):
        slots = calcom.for_company(service.company).slots(service.calcom_event_type_id, start, end)
    return [slot for slot in slots if start <= slot <= end]


def others(
    conversation: Conversation, service: Service, wished: datetime, staff: Staff | None = None
) -> list[datetime]:
    """Up to three free times near the wished one, or on the days after it; none if they cannot be learnt in time."""
    now = timezone.now()
    try:
        found = free(conversation, service, max(now, wished - alternatives.NEAR), wished + SEARCH, staff)
    except JobError:
        return []
    return alternatives.choose(found, wished, now, conversation.branch.zone)[:MOST_CHOICES]


def spread(times: list[datetime], most: int = MOST_CHOICES) -> list[datetime]:
    """A few of them that lie apart from each other: the first, the last, and what is between."""
    if len(times) <= most:
        return times
    return [times[round(place * (len(times) - 1) / (most - 1))] for place in range(most)]
