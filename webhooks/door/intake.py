"""Stores a verified event and its job in one transaction, and handles one that was stored before."""

import hashlib
import json
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from askpro.correlation import correlation_id
from askpro.encryption.sealing import seal
from askpro.queues import LedgerActor
from askpro.queues.jobs.row_with_job import insert_with_job
from webhooks.door.incoming import Incoming
from webhooks.door.vendor import Vendor
from webhooks.inbox.jobs import job_for
from webhooks.models import WebhookAddress, WebhookEvent

Status = WebhookEvent.Status
# The unique key decides, not a query beforehand, between which and the insert a parallel delivery could slip through.
# The SQL is written by hand, because every round trip counts here and the ORM cannot express this statement.
INSERT = """
    INSERT INTO webhooks_webhookevent ({columns}) VALUES ({values})
    ON CONFLICT DO NOTHING RETURNING id
"""


def store(
    vendor: Vendor,
    incoming: Incoming,
    request: HttpRequest,
    body: bytes,
    verified_by: str,
    address: WebhookAddress | None = None,
) -> None:
    """Write the event and send its job: both or neither. A repeated event is counted on the first one."""
    sent = {
        "content_type": request.content_type or "",
        "headers": json.dumps(_headers(vendor, request)),
        # The query may contain what the caller said: Retell fills variables into the URL.
        "query": "" if incoming.kept_body is not None else _plain(request.META.get("QUERY_STRING", ""), 500),
    }
    row = _row(vendor, incoming, body, verified_by, address) | sent
    if _insert(row, _job(vendor, incoming), incoming.tenant) is None:
        with transaction.atomic():
            _again(row, incoming.newest_wins)


def store_fetched(
    vendor: Vendor, incoming: Incoming, body: bytes, verified_by: str, address: WebhookAddress | None
) -> bool:
    """Store an event whose webhook did not arrive, as the vendor's API tells it, with its job; False, and nothing
    happens, when it is there. `verified_by` is the fingerprint of the key that asked.
    """
    asked = {"content_type": "application/json", "headers": "{}", "query": "", "fetched": True}
    row = _row(vendor, incoming, body, verified_by, address) | asked
    return _insert(row, _job(vendor, incoming), incoming.tenant) is not None


def _job(vendor: Vendor, incoming: Incoming) -> LedgerActor[Any, Any] | None:
    return job_for(vendor.provider, incoming.event_type) if incoming.status == Status.RECEIVED else None


def _row(
    vendor: Vendor, incoming: Incoming, body: bytes, verified_by: str, address: WebhookAddress | None
) -> dict[str, Any]:
    now = timezone.now()
    return {
        "address_id": address and address.pk,
        "company_id": address and address.company_id,
        "provider": vendor.provider.value,
        "event_type": incoming.event_type,
        "event_key": incoming.event_key,
        "subject": incoming.subject,
        "status": incoming.status.value,
        "reason": incoming.reason,
        "body": body if incoming.kept_body is None else incoming.kept_body,
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "verified_by": verified_by,
        "occurred_at": incoming.occurred_at,
        "received_at": now,
        "processed_at": None if incoming.status == Status.RECEIVED else now,
        "conflict_of_id": None,
        "duplicates": 0,
        "replays": 0,
        "correlation_id": str(correlation_id()),
    }


def _insert(row: dict[str, Any], job: LedgerActor[Any, Any] | None = None, tenant: str = "") -> int | None:
    """The new event's id; None when the key is taken. Event and job are one statement, and so one transaction."""
    statement = INSERT.format(columns=", ".join(row), values=", ".join(["%s"] * len(row)))
    values = [*(row | {"body": seal(row["body"])}).values()]
    if job is not None:
        whose = {"tenant": tenant} if tenant else {}
        return insert_with_job(statement, values, job, "event_id", **whose)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        inserted = cursor.fetchone()
    return inserted[0] if inserted else None


def _again(row: dict[str, Any], newest_wins: bool) -> None:
    first = _stored(row)
    if newest_wins:
        _count(first, **{name: row[name] for name in ("body", "body_sha256", "verified_by", "processed_at")})
    elif first.fetched or first.body_sha256 == row["body_sha256"]:
        # The vendor's API, which was asked when the webhook was late, writes the same event in other bytes.
        _count(first)
    else:
        _keep_conflict(row, first)


def _keep_conflict(row: dict[str, Any], first: WebhookEvent) -> None:
    """Keep the different content beside the first, for a person to see: once, however often it is sent."""
    conflict = row | {
        "event_key": f"{row['event_key'][:180]}#{row['body_sha256'][:16]}",
        "status": Status.CONFLICT.value,
        "reason": "Another body was sent under this key before.",
        "conflict_of_id": first.pk,
        "processed_at": row["received_at"],
    }
    if _insert(conflict) is None:
        _count(_stored(conflict))


def _stored(row: dict[str, Any]) -> WebhookEvent:
    events = WebhookEvent.objects.only("body_sha256", "fetched")
    return events.get(provider=row["provider"], address_id=row["address_id"], event_key=row["event_key"])


def _count(first: WebhookEvent, **values: Any) -> None:
    again = {"duplicates": F("duplicates") + 1, "last_duplicate_at": timezone.now()}
    WebhookEvent.objects.filter(pk=first.pk).update(**again, **values)


def _headers(vendor: Vendor, request: HttpRequest) -> dict[str, str]:
    names = (*vendor.kept_headers, "User-Agent")
    return {name: _plain(request.headers[name], 300) for name in names if name in request.headers}


def _plain(text: str, limit: int) -> str:
    text = text[:limit]
    return text if text.isprintable() else "".join(each if each.isprintable() else "?" for each in text)
