"""What is known about an event before it is stored."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from webhooks.models import WebhookEvent


@dataclass(frozen=True, slots=True)
class Incoming:
    """One verified event: what it is, the key that recognises it when sent again, and what to do with it.

    Status `received` means that a job works on it. `newest_wins` marks reports that replace each other instead of
    being each other's duplicates. `kept_body` is stored instead of the sent bytes if the caller's opt-out forbids them.
    The job takes turns as `tenant`, for which it then has an argument.
    """

    event_type: str
    event_key: str
    subject: str = ""
    occurred_at: datetime | None = None
    status: WebhookEvent.Status = WebhookEvent.Status.RECEIVED
    reason: str = ""
    newest_wins: bool = False
    kept_body: bytes | None = None
    tenant: str = ""
    payload: dict[str, Any] = field(default_factory=dict)


def body_key(prefix: str, body: bytes) -> str:
    """The key of an event without an id: the same bytes are the same event."""
    return f"{prefix[:80]}:{hashlib.sha256(body).hexdigest()}"
