"""What should be read from the vendors again and again, and when it was last complete."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Min

from appointments.models import SyncPoint
from askpro.queues.models import Job, Schedule, ScheduledTick
from webhooks.models import RetellReading
from webhooks.net.accounts import all_accounts, is_replaced


@dataclass(frozen=True, slots=True)
class Reading:
    """When it was last complete, or was to begin, and the job that does it."""

    about: str
    what: str
    last_at: datetime
    job: str


def accounts() -> Iterator[Reading]:
    """The accounts at Retell. One whose key is refused counts unless another key of it is read."""
    for account in all_accounts():
        reading = RetellReading.objects.filter(address=account.address, fingerprint=account.fingerprint).first()
        if reading is None or (reading.refused_at is not None and is_replaced(reading)):
            continue
        whose = f" of company {account.address.company_id}" if account.address else ""
        last_at = reading.finished_at or reading.began_at
        yield Reading(f"retell:{reading.pk}", f"Reading Retell's calls{whose}", last_at, "sync_retell_calls")


def calendars() -> Iterator[Reading]:
    """The bookings of each company at Cal.com."""
    points = SyncPoint.objects.filter(part=SyncPoint.Part.BOOKINGS, company__is_active=True).order_by("company_id")
    for company_id, finished_at, began_at in points.values_list("company_id", "finished_at", "began_at"):
        if last_at := finished_at or began_at:
            what = f"Reading Cal.com's bookings of company {company_id}"
            yield Reading(f"calcom:{company_id}", what, last_at, "sync_calcom_data")


def counts() -> Iterator[Reading]:
    """The nightly counts."""
    for schedule in Schedule.objects.filter(actor_name="recount_all"):
        ticks = ScheduledTick.objects.filter(schedule=schedule)
        sent = list(ticks.order_by("-at").values_list("job_id", flat=True)[:10])
        done = Job.objects.filter(pk__in=[*filter(None, sent)], status=Job.Status.COMPLETED)
        last_at = done.aggregate(last=Max("finished_at"))["last"] or ticks.aggregate(first=Min("sent_at"))["first"]
        if last_at:
            yield Reading("counts", "The nightly count", last_at, "recount_all")
