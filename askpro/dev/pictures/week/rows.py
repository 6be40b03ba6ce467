"""What the week's rows have in common: their moment, their dice, and all that was made so far."""

import random
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import models

from appointments.models import Appointment, FollowUp
from askpro.queues.models import Job, Worker
from calls.models import BookingRequest, Call, Company, Customer
from notifications.models import Notification
from webhooks.models import WebhookEvent

BATCH: Final = 500
# Cal.com did not answer on the day before, from 9 to 10.
ANSWERED: Final = "Cal.com: answered 503"
OUTAGE_BEGAN, OUTAGE_ENDED = timedelta(hours=9), timedelta(hours=10)


@dataclass
class Week:
    """What was made, each kind in order of time. The week ends at `now`."""

    now: datetime
    dice: random.Random = field(default_factory=lambda: random.Random(7))
    companies: list[Company] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    requests: list[BookingRequest] = field(default_factory=list)
    appointments: list[Appointment] = field(default_factory=list)
    follow_ups: list[FollowUp] = field(default_factory=list)
    messages: list[Notification] = field(default_factory=list)
    events: list[WebhookEvent] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    workers: list[Worker] = field(default_factory=list)

    @property
    def midnight(self) -> datetime:
        return self.now.replace(hour=0, minute=0, second=0, microsecond=0)

    @property
    def booked_last(self) -> Appointment:
        """The newest appointment booked by phone that is still to come."""
        ahead = [row for row in self.appointments if row.call and row.starts_at > self.now]
        return [row for row in ahead if row.status == Appointment.Status.CONFIRMED][-1]

    def is_in_outage(self, moment: datetime) -> bool:
        yesterday = self.midnight - timedelta(days=1)
        return yesterday + OUTAGE_BEGAN <= moment < yesterday + OUTAGE_ENDED


def job_id(moment: datetime, dice: random.Random) -> uuid.UUID:
    """A UUIDv7 of a moment, as the engine makes them."""
    value = int(moment.timestamp() * 1000) << 80 | 7 << 76 | dice.getrandbits(12) << 64 | 2 << 62
    return uuid.UUID(int=value | dice.getrandbits(62))


def made_at(rows: Iterable[models.Model], moments: Iterable[datetime], name: str = "created_at") -> None:
    """Set when each row was made, which Django sets to now."""
    aged = list(rows)
    for row, moment in zip(aged, moments, strict=True):
        setattr(row, name, moment)
    if aged:
        type(aged[0])._default_manager.bulk_update(aged, [name], batch_size=BATCH)
