"""Retell: the key by which an event is recognised when sent again, and what may be kept of it."""

import hashlib
import json
import time
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from askpro.reading import mapping, name
from calls.inbound import dynamic_variables
from calls.retell.event import FUNCTION, IGNORED, INBOUND, TRANSCRIPT, TRANSFERS, Event, RetellEvent
from calls.retell.fields import storable_object
from calls.retell.storage import is_restricted, permitted
from calls.tasks import process_retell_call_ended, process_retell_call_started, process_retell_transfer
from calls.tenancy import number_named
from webhooks.door.incoming import Incoming, body_key
from webhooks.door.signatures import verify_retell
from webhooks.door.vendor import Vendor
from webhooks.inbox.reading import load_object
from webhooks.models import Provider, WebhookAddress, WebhookEvent
from webhooks.models.address import objection

Status = WebhookEvent.Status


class Retell(Vendor):
    provider = Provider.RETELL
    signature = "X-Retell-Signature"
    content_types = frozenset({"application/json"})
    kept_headers = (signature,)
    jobs = {
        Event.STARTED: process_retell_call_started,
        Event.ENDED: process_retell_call_ended,
        Event.ANALYZED: process_retell_call_ended,
        **dict.fromkeys(TRANSFERS, process_retell_transfer),
    }

    def verify(self, request: HttpRequest, body: bytes, secrets: Sequence[str]) -> str:
        header = request.headers.get(self.signature, "")
        return verify_retell(body, header, secrets, time.time_ns() // 1_000_000)

    def shared_secrets(self, request: HttpRequest) -> Sequence[str]:
        return settings.RETELL_API_KEYS

    def read(self, request: HttpRequest, body: bytes) -> Incoming:
        payload = load_object(body)
        if RetellEvent.from_fields(payload).type == INBOUND:
            return _inbound(payload, request.headers.get(self.signature, ""))
        return self.event(payload, body)

    def event(self, payload: dict[str, Any], body: bytes) -> Incoming:
        """An event that has happened to a call, whether a webhook brought it or AskPro asked for it."""
        told = RetellEvent.from_fields(payload)
        event_type, subject = told.type, told.subject
        status, reason = self._judge(event_type, subject)
        known = bool(subject) and (event_type in self.jobs or event_type in IGNORED) and event_type != FUNCTION
        return Incoming(
            event_type=event_type,
            event_key=_key(event_type, subject, payload) if known else body_key(event_type, body),
            subject=subject,
            occurred_at=told.happened_at,
            status=status,
            reason=reason,
            newest_wins=known and event_type == TRANSCRIPT,
            kept_body=_permitted(payload, told),
            tenant=_tenant(told),
        )

    def answer(self, incoming: Incoming, address: WebhookAddress | None) -> HttpResponse:
        """204 for what has happened; a ringing call is answered with variables such as today's date (retell.md §2)."""
        if incoming.event_type != INBOUND:
            return HttpResponse(status=204)
        call = mapping(incoming.payload.get(INBOUND))
        dialled = name(call.get("to_number"), 32)
        number = number_named(dialled)
        if number is not None and objection(Provider.RETELL, address, number.company_id):
            dialled = ""  # The date may be told, but not whose number it is or whom the company knows.
        variables = dynamic_variables(dialled, name(call.get("from_number"), 32))
        return JsonResponse({INBOUND: {"dynamic_variables": variables}})

    def _judge(self, event_type: str, subject: str) -> tuple[WebhookEvent.Status, str]:
        if not event_type:
            return Status.INVALID, "event is missing or no name."
        if event_type in IGNORED:
            return Status.IGNORED, IGNORED[event_type]
        if event_type not in self.jobs:
            return Status.IGNORED, WebhookEvent.UNKNOWN[Provider.RETELL]
        if not subject:
            return Status.INVALID, "call_id is missing or no name."
        return Status.RECEIVED, ""


def _inbound(payload: dict[str, Any], signature: str) -> Incoming:
    # There is no call id yet. The signature contains the time of sending, so that a second call is another event.
    return Incoming(
        event_type=INBOUND,
        event_key=body_key(INBOUND, signature.encode("utf-8", "replace")),
        status=Status.PROCESSED,
        reason="Answered at once.",
        payload=payload,
    )


def _key(event_type: str, subject: str, payload: dict[str, Any]) -> str:
    if event_type not in TRANSFERS:
        return f"{event_type}:{subject}"
    call = mapping(payload.get("call"))
    destination = payload.get("transfer_destination", call.get("transfer_destination"))
    attempt = json.dumps([call.get("start_timestamp"), destination], sort_keys=True)
    return f"{event_type}:{subject}:{hashlib.sha256(attempt.encode()).hexdigest()[:16]}"


def _tenant(told: RetellEvent) -> str:
    """Whose turn it is, while nobody has looked up the company: an agent works for one. Starts take no turns."""
    agent = "" if told.type == Event.STARTED else name(told.call.get("agent_id"), 64)
    return f"agent:{agent}" if agent else ""


def _permitted(payload: dict[str, Any], told: RetellEvent) -> bytes | None:
    """What may be kept of the body if the call's owner restricts storage; None: all of it."""
    if not is_restricted(told.call):
        return None
    call = permitted(told.call)
    kept = {"event": name(payload.get("event"), 80), **({told.place: call} if told.place else call)}
    return json.dumps(storable_object(kept)).encode("ascii")
