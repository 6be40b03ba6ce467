"""Storing a verified event and its job in one transaction; and what becomes of one that was stored before."""

import hashlib
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from webhooks.incoming import Incoming
from webhooks.models import WebhookEvent
from webhooks.vendor import Vendor

Status = WebhookEvent.Status


def store(vendor: Vendor, incoming: Incoming, request: HttpRequest, body: bytes, verified_by: str) -> None:
    """Write the event and send its job: both or neither. Sent again, it is counted on the first.

    The unique key decides, not a look beforehand: deliveries in parallel cannot slip through between.
    """
    event = WebhookEvent(
        provider=vendor.provider,
        event_type=incoming.event_type,
        event_key=incoming.event_key,
        subject=incoming.subject,
        status=incoming.status,
        reason=incoming.reason,
        body=body if incoming.kept_body is None else incoming.kept_body,
        body_sha256=hashlib.sha256(body).hexdigest(),
        content_type=request.content_type or "",
        headers=_headers(vendor, request),
        query=_plain(request.META.get("QUERY_STRING", ""), 500),
        verified_by=verified_by,
        occurred_at=incoming.occurred_at,
        processed_at=None if incoming.status == Status.RECEIVED else timezone.now(),
    )
    try:
        with transaction.atomic():
            event.save(force_insert=True)
            if event.status == Status.RECEIVED and (job := vendor.job(event.event_type)):
                job.send(event_id=event.pk)
    except IntegrityError:
        _again(event, incoming.newest_wins)


def _again(event: WebhookEvent, newest_wins: bool) -> None:
    first = WebhookEvent.objects.only("body_sha256").get(provider=event.provider, event_key=event.event_key)
    if newest_wins:
        fields = ("body", "body_sha256", "headers", "verified_by", "processed_at")
        _count(first, **{name: getattr(event, name) for name in fields})
    elif first.body_sha256 == event.body_sha256:
        _count(first)
    else:
        _conflict(event, first)


def _conflict(event: WebhookEvent, first: WebhookEvent) -> None:
    """Keep the other content beside the first, for a person to see; once, however often it is sent."""
    event.pk = None
    event.event_key = f"{event.event_key[:180]}#{event.body_sha256[:16]}"
    event.status = Status.CONFLICT
    event.reason = "Another body was sent under this key before."
    event.conflict_of = first
    event.processed_at = timezone.now()
    try:
        with transaction.atomic():
            event.save(force_insert=True)
    except IntegrityError:
        _count(WebhookEvent.objects.only("pk").get(provider=event.provider, event_key=event.event_key))


def _count(first: WebhookEvent, **values: Any) -> None:
    again = {"duplicates": F("duplicates") + 1, "last_duplicate_at": timezone.now()}
    WebhookEvent.objects.filter(pk=first.pk).update(**again, **values)


def _headers(vendor: Vendor, request: HttpRequest) -> dict[str, str]:
    names = (*vendor.kept_headers, "User-Agent")
    return {name: _plain(request.headers[name], 300) for name in names if name in request.headers}


def _plain(text: str, limit: int) -> str:
    return "".join(character if character.isprintable() else "?" for character in text[:limit])
