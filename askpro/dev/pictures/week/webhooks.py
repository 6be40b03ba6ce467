"""What Retell, Cal.com and Twilio sent in this week."""

import json
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from askpro.dev.pictures.week.rows import BATCH, Week
from webhooks.models import Arrivals, RefusedWebhook, WebhookEvent

Status = WebhookEvent.Status
# A number that no company has; its caller waits in the list of events.
NOBODYS: Final = "+493023125987"


def make_webhooks(week: Week) -> None:
    for call in week.calls:
        told = {"call_id": call.retell_call_id, "from_number": call.from_number, "to_number": call.to_number}
        begun = call.started_at or week.now
        moments = [("call_started", begun)]
        if call.ended_at:
            moments += [("call_ended", call.ended_at), ("call_analyzed", call.ended_at + timedelta(seconds=8))]
        for kind, moment in moments:
            event = _event(week, "retell", kind, call.retell_call_id, moment, {"event": kind, "call": told})
            event.company = call.company
            week.events.append(event)
    _bookings(week)
    _odd_ones(week)
    week.events.sort(key=lambda event: event.occurred_at or week.now)
    received = [event.received_at for event in week.events]
    WebhookEvent.objects.bulk_create(week.events, batch_size=BATCH)
    for event, moment in zip(week.events, received, strict=True):
        event.received_at = moment
    WebhookEvent.objects.bulk_update(week.events, ["received_at"], batch_size=BATCH)
    _counts(week)


def _bookings(week: Week) -> None:
    for row in week.appointments:
        if row.call is None or row.call.ended_at is None:
            continue
        payload = {"uid": row.calcom_uid, "startTime": row.starts_at.isoformat(), "title": str(row.service)}
        body = {"triggerEvent": "BOOKING_CREATED", "payload": payload}
        moment = row.call.ended_at + timedelta(seconds=4)
        event = _event(week, "calcom", "BOOKING_CREATED", str(row.calcom_uid), moment, body)
        event.company = row.company
        week.events.append(event)
    for message in week.messages:
        if message.delivered_at and message.provider_id:
            body = {"MessageSid": message.provider_id, "MessageStatus": "delivered"}
            event = _event(week, "twilio", "delivered", message.provider_id, message.delivered_at, body)
            event.company = message.company
            week.events.append(event)


def _odd_ones(week: Week) -> None:
    """One call to a number of nobody, one event that came five times, one of a kind that is not used."""
    call = {"call_id": f"call_{week.dice.getrandbits(112):028x}", "to_number": NOBODYS}
    stray = _event(week, "retell", "call_ended", call["call_id"], week.now - timedelta(hours=1), {"call": call})
    stray.status, stray.processed_at = Status.UNASSIGNED, None
    week.events[0].duplicates, week.events[0].last_duplicate_at = 4, week.events[0].received_at
    body: dict[str, Any] = {"triggerEvent": "MEETING_STARTED", "payload": {}}
    unused = _event(week, "calcom", "MEETING_STARTED", "", week.now - timedelta(hours=3), body)
    unused.status = Status.IGNORED
    week.events += [stray, unused]


def _event(week: Week, provider: str, kind: str, subject: str, moment: datetime, body: dict[str, Any]) -> WebhookEvent:
    return WebhookEvent(
        provider=provider,
        event_type=kind,
        event_key=f"{kind}:{subject or week.dice.getrandbits(64)}",
        subject=subject,
        status=Status.PROCESSED,
        body=json.dumps(body, ensure_ascii=False).encode(),
        body_sha256=f"{week.dice.getrandbits(256):064x}",
        content_type="application/json",
        headers={"Content-Type": "application/json", "User-Agent": provider.title()},
        verified_by="3f9a11c2",
        occurred_at=moment,
        received_at=moment + timedelta(milliseconds=180),
        processed_at=moment + timedelta(milliseconds=260),
    )


def _counts(week: Week) -> None:
    hour = week.now.replace(minute=0, second=0, microsecond=0)
    for number, reason in enumerate(("missing_signature", "bad_signature", "stale")):
        at = hour - timedelta(hours=5 * number)
        prefix = f"203.0.113.{number}/24"
        RefusedWebhook.objects.create(
            provider="retell", reason=reason, hour=at, address_prefix=prefix, count=week.dice.randint(1, 40)
        )
    by_hour: dict[tuple[Any, str, datetime], list[WebhookEvent]] = {}
    for event in week.events:
        at = (event.received_at or timezone.now()).replace(minute=0, second=0, microsecond=0)
        if event.company is not None:
            by_hour.setdefault((event.company, event.provider, at), []).append(event)
    Arrivals.objects.bulk_create(
        Arrivals(
            company=company,
            provider=provider,
            hour=at,
            subjects=len({event.subject for event in events}),
            events=len(events),
            last_at=max(event.received_at for event in events),
        )
        for (company, provider, at), events in by_hour.items()
    )
