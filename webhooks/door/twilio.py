"""Twilio: delivery reports and incoming messages, sent as forms."""

import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from notifications.tasks import process_twilio_webhook
from webhooks.door.incoming import Incoming, body_key
from webhooks.door.refusal import Reason, Refused
from webhooks.door.signatures import twilio_settings, verify_twilio
from webhooks.door.vendor import Vendor
from webhooks.inbox.reading import FORM, Malformed, form_fields, load_form, load_object, text
from webhooks.models import Provider, WebhookAddress, WebhookEvent

Status = WebhookEvent.Status

REPORT = "status_callback"
MESSAGE = "inbound_message"
OTHER = "other"
# One spelling only (RFC 3986 §2.1), as every encoder writes it: the signature covers the decoded fields, and a body
# that differs in any bit is another body.
_OTHER_SPELLING = re.compile(rb"[^!-~]|%(?![0-9A-F]{2})")


class Twilio(Vendor):
    provider = Provider.TWILIO
    content_types = frozenset({FORM, "application/json"})
    kept_headers = ("X-Twilio-Signature", "X-Twilio-Webhooks-Signature-Settings", "I-Twilio-Idempotency-Token")
    jobs = {REPORT: process_twilio_webhook, MESSAGE: process_twilio_webhook}

    def verify(self, request: HttpRequest, body: bytes, secrets: Sequence[str]) -> str:
        is_form = request.content_type == FORM
        _, algorithm = twilio_settings(request.headers.get("X-Twilio-Webhooks-Signature-Settings", ""))
        return verify_twilio(
            # Behind a proxy that ends TLS, only the configured address is the one that Twilio signed.
            settings.PUBLIC_URL + request.get_full_path(),
            _fields(body) if is_form else (),
            request.headers.get("X-Twilio-Signature", ""),
            secrets,
            algorithm,
            None if is_form else body,
        )

    def shared_secrets(self, request: HttpRequest) -> Sequence[str]:
        """The auth tokens; with a settings header the shared key of that id, where shared keys are configured."""
        key_id, _ = twilio_settings(request.headers.get("X-Twilio-Webhooks-Signature-Settings", ""))
        shared: dict[str, Any] = settings.TWILIO_SHARED_KEYS
        if not key_id or not shared:
            return settings.TWILIO_AUTH_TOKENS
        return [shared[key_id]] if key_id in shared else []

    def read(self, request: HttpRequest, body: bytes) -> Incoming:
        if request.content_type != FORM:
            load_object(body)
            return Incoming(OTHER, body_key(OTHER, body), status=Status.IGNORED, reason="Not about a message.")
        fields = load_form(body)
        sid = text(fields.get("MessageSid") or fields.get("SmsSid"), 64)
        if "Body" in fields or fields.get("SmsStatus") == "received":
            return _incoming(MESSAGE, sid, f"{MESSAGE}:{sid}", body)
        state = text(fields.get("MessageStatus") or fields.get("SmsStatus"), 24)
        if not state:
            reason = "Neither a delivery report nor a message."
            return Incoming(OTHER, body_key(OTHER, body), sid, status=Status.IGNORED, reason=reason)
        kind = f"{REPORT}.{state}"
        return _incoming(kind, sid, f"{kind}:{sid}:{text(fields.get('ErrorCode'), 16)}", body)

    def answer(self, incoming: Incoming, address: WebhookAddress | None) -> HttpResponse:
        """An empty 200; to a message empty TwiML, as any other text would be sent to the customer."""
        if incoming.event_type == MESSAGE:
            return HttpResponse("<Response/>", content_type="text/xml")
        return HttpResponse(status=200, content_type="text/plain")


def _incoming(kind: str, sid: str, key: str, body: bytes) -> Incoming:
    if not sid:
        reason = "MessageSid is missing or no name."
        return Incoming(kind, body_key(kind, body), status=Status.INVALID, reason=reason)
    return Incoming(kind, key, sid)


def _fields(body: bytes) -> list[tuple[str, str]]:
    if _OTHER_SPELLING.search(body):
        raise Refused(Reason.BAD_SIGNATURE)
    try:
        return form_fields(body)
    except Malformed as error:
        raise Refused(Reason.BAD_SIGNATURE) from error
