"""Twilio: delivery reports and incoming messages, sent as forms."""

import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from appointments.tasks import process_inbound_sms
from notifications.tasks import process_twilio_webhook
from notifications.twilio.event import Kind, TwilioEvent
from webhooks.door.incoming import Incoming, body_key
from webhooks.door.refusal import Reason, Refused
from webhooks.door.signatures import twilio_settings, verify_twilio
from webhooks.door.vendor import Vendor
from webhooks.inbox.reading import FORM, Malformed, form_fields, load_form, load_object
from webhooks.models import Provider, WebhookAddress, WebhookEvent

Status = WebhookEvent.Status

# Only one spelling is accepted (RFC 3986 §2.1), the one that every encoder writes: the signature covers the decoded
# fields only, and a body that differs in any bit would count as another body.
_OTHER_SPELLING = re.compile(rb"[^!-~]|%(?![0-9A-F]{2})")


class Twilio(Vendor):
    provider = Provider.TWILIO
    signature = "X-Twilio-Signature"
    content_types = frozenset({FORM, "application/json"})
    kept_headers = (signature, "X-Twilio-Webhooks-Signature-Settings", "I-Twilio-Idempotency-Token")
    jobs = {Kind.REPORT: process_twilio_webhook, Kind.MESSAGE: process_inbound_sms}

    def verify(self, request: HttpRequest, body: bytes, secrets: Sequence[str]) -> str:
        is_form = request.content_type == FORM
        _, algorithm = twilio_settings(request.headers.get("X-Twilio-Webhooks-Signature-Settings", ""))
        return verify_twilio(
            # Behind a proxy that ends TLS, only the configured URL is the one that Twilio signed.
            settings.PUBLIC_URL + request.get_full_path(),
            _fields(body) if is_form else (),
            request.headers.get(self.signature, ""),
            secrets,
            algorithm,
            None if is_form else body,
        )

    def shared_secrets(self, request: HttpRequest) -> Sequence[str]:
        """The auth tokens; with a settings header, the shared key of that id if shared keys are configured."""
        key_id, _ = twilio_settings(request.headers.get("X-Twilio-Webhooks-Signature-Settings", ""))
        shared: dict[str, Any] = settings.TWILIO_SHARED_KEYS
        if not key_id or not shared:
            return settings.TWILIO_AUTH_TOKENS
        return [shared[key_id]] if key_id in shared else []

    def read(self, request: HttpRequest, body: bytes) -> Incoming:
        if request.content_type != FORM:
            load_object(body)
            return _other("Not about a message.", "", body)
        told = TwilioEvent.from_fields(load_form(body))
        if told.kind == Kind.OTHER:
            return _other("Neither a delivery report nor a message.", told.sid, body)
        if told.kind == Kind.MESSAGE:
            return _incoming(told.kind.value, told.sid, f"{told.kind}:{told.sid}", body)
        event_type = f"{told.kind}.{told.status}"
        return _incoming(event_type, told.sid, f"{event_type}:{told.sid}:{told.code}", body)

    def answer(self, incoming: Incoming, address: WebhookAddress | None) -> HttpResponse:
        """An empty 200; for a message, empty TwiML, since any other text would be sent to the customer."""
        if incoming.event_type == Kind.MESSAGE:
            return HttpResponse("<Response/>", content_type="text/xml")
        return HttpResponse(status=200, content_type="text/plain")


def _other(reason: str, sid: str, body: bytes) -> Incoming:
    kind = Kind.OTHER.value
    return Incoming(kind, body_key(kind, body), sid, status=Status.IGNORED, reason=reason)


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
