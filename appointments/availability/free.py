"""The free times of a service."""

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Final

from django.utils import timezone

from appointments.availability import taken
from appointments.availability.closed import without_closed_days
from appointments.availability.hosts import wished_host
from appointments.availability.slots import slots
from appointments.models import Appointment
from askpro.gates import on_the_line
from askpro.queues.errors import Rejected
from calls.models import Branch, Service, Staff

# The longest range that one question covers; what is later is left out.
FARTHEST: Final = timedelta(days=62)


def free_times(
    service: Service,
    start: datetime,
    end: datetime,
    staff: Staff | None = None,
    *,
    patience: float | None = None,
    branch: Branch | None = None,
    ignoring: Appointment | None = None,
    as_just_heard: bool = False,
) -> list[datetime]:
    """When this service can begin, from `start` until before `end` (both aware): UTC, in order, none twice.

    They are Cal.com's free starts, at most a minute old, without those that the minimum notice rules out, that lie on a
    closed day of `branch` (else of the person's or the service's) or that one of our own reservations takes. With
    `staff`, also without those at which this person has an appointment. Unless this installation asks Cal.com for
    hosts, it does not say whose time it is: then a team's start may still be a colleague's.

    `patience` is how many seconds this caller may wait in all. While Cal.com cannot be asked, an answer of the last ten
    minutes counts; with `as_just_heard`, one of the last two seconds counts in any case: for more times after a first
    question. `ignoring` is a reservation that is being given up.
    Raises `NotFound`, `Rejected` (no event type, or no key), `Unavailable`, `RateLimited`.
    """
    if service.calcom_event_type_id is None:
        raise Rejected("This service has no event type at Cal.com.")
    earliest = timezone.now() + timedelta(minutes=service.minimum_notice_minutes)
    start, end = max(start, earliest).astimezone(UTC), min(end, start + FARTHEST).astimezone(UTC)
    if start >= end:
        return []
    with on_the_line(patience, only_asks=True) if patience is not None else contextlib.nullcontext():
        host = wished_host(service, staff)
        type_id = service.calcom_event_type_id
        found = slots(service.company, type_id, start, end, host, as_just_heard=as_just_heard)
    left = taken.without(found, service, staff, ignoring, is_theirs=host is not None)
    return without_closed_days(left, service, staff, branch)
