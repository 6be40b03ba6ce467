"""Tells AskPro what became of a booking at Cal.com: through a webhook, or directly to the mirror."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from appointments.calcom.booking import Booking, Status
from appointments.changes.mirror import Mirrored, mirror
from appointments.models import Appointment
from appointments.tasks import process_calcom_webhook
from calls.models import BookingRequest, Staff
from tests.appointments.calcom_stub import answer
from tests.appointments.salon import NOW, WISH
from webhooks.inbox.replay import replay_one
from webhooks.models import Provider, WebhookEvent

LATER = WISH + timedelta(days=1)


def minute(count: int) -> datetime:
    return NOW + timedelta(minutes=count)


def told_of(status: Status, uid: str = "first", start: datetime = WISH, **values: Any) -> Booking:
    data = answer("booking") | {
        "uid": uid,
        "status": status,
        "start": start.isoformat(),
        "end": (start + timedelta(minutes=45)).isoformat(),
    }
    return Booking.from_api(data | values)


def hear(booking: Booking, at: datetime) -> Mirrored:
    with transaction.atomic():
        return mirror(booking, at)


def reserved(wish: BookingRequest, **values: Any) -> Appointment:
    values = {
        "staff": Staff.objects.filter(company=wish.company).first(),
        "starts_at": WISH,
        "ends_at": WISH + timedelta(minutes=45),
        "sync_status": "unknown",
    } | values
    return Appointment.objects.create(
        company=wish.company,
        branch=wish.call.branch,
        customer=wish.call.customer,
        call=wish.call,
        service=wish.service,
        booking_request=wish,
        booking_key=wish.booking_key,
        **values,
    )


def ours(wish: BookingRequest) -> dict[str, Any]:
    return {"metadata": {"askpro_booking_key": str(wish.booking_key)}}


def receive(body: dict[str, Any] | bytes) -> WebhookEvent:
    """Store the event and run its job."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    digest = hashlib.sha256(raw).hexdigest()
    values = {"body": raw, "body_sha256": digest, "event_type": "BOOKING_CREATED"}
    event, new = WebhookEvent.objects.get_or_create(provider=Provider.CALCOM, event_key=digest, defaults=values)
    assert new or replay_one(event, force=True)
    process_calcom_webhook(event_id=event.pk)
    event.refresh_from_db()
    return event


# Events of one booking that was made, moved twice and cancelled, in the order in which they happened.
STORY = [
    (told_of(Status.ACCEPTED), minute(0)),
    (told_of(Status.ACCEPTED, "second", LATER, rescheduledFromUid="first"), minute(10)),
    (told_of(Status.ACCEPTED, "third", LATER + timedelta(hours=1), rescheduledFromUid="second"), minute(20)),
    (told_of(Status.CANCELLED, "third", LATER + timedelta(hours=1)), minute(30)),
]
