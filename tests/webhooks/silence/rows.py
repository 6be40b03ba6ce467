"""Events and counted hours, written directly."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from calls.models import Branch, Company
from webhooks.models import Arrivals, WebhookEvent


def company(slug: str = "salon", **values: Any) -> Company:
    """A company with one branch in Berlin."""
    state, zone = values.pop("state", ""), values.pop("timezone", "Europe/Berlin")
    row = Company.objects.create(name=slug, slug=slug, **values)
    Branch.objects.create(company=row, name="Mitte", state=state, timezone=zone)
    return row


def events(moments: Iterable[datetime], whose: Company | None, provider: str = "retell", **values: Any) -> None:
    """One event of a subject of its own at each of these moments."""
    known = {"status": WebhookEvent.Status.PROCESSED, "event_type": "call_ended"}
    rows = [
        WebhookEvent(
            provider=provider,
            company=whose,
            received_at=moment,
            **({"event_key": (key := uuid.uuid4().hex), "subject": key} | known | values),
        )
        for moment in moments
    ]
    made = WebhookEvent.objects.bulk_create(rows)
    for row, moment in zip(made, moments, strict=True):
        row.received_at = moment
    WebhookEvent.objects.bulk_update(made, ["received_at"], batch_size=1000)


def hours(counts: Mapping[datetime, int], whose: Company | None, provider: str = "retell", **values: Any) -> None:
    """Hours that were counted long ago."""
    rows = [
        Arrivals(company=whose, provider=provider, hour=hour, subjects=count, events=count, last_at=hour, **values)
        for hour, count in counts.items()
    ]
    Arrivals.objects.bulk_create(rows, batch_size=1000)
