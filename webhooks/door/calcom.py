"""Cal.com: its triggers, and the key by which each is recognised when sent again, since there is no delivery id."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from appointments.calcom.event import IGNORED, PING, Trigger, opened
from appointments.models import CalcomUid
from appointments.tasks import process_calcom_webhook
from askpro.reading import name, number
from calls.models import Service
from webhooks.door.incoming import Incoming, body_key
from webhooks.door.signatures import verify_calcom
from webhooks.door.vendor import Vendor
from webhooks.inbox.reading import FORM, load_form, load_object
from webhooks.models import Provider, WebhookAddress, WebhookEvent

Status = WebhookEvent.Status


class Calcom(Vendor):
    provider = Provider.CALCOM
    signature = "X-Cal-Signature-256"
    # A webhook with its own template sends a form.
    content_types = frozenset({"application/json", FORM})
    kept_headers = (signature, "X-Cal-Webhook-Version")
    jobs = dict.fromkeys(Trigger, process_calcom_webhook)

    def verify(self, request: HttpRequest, body: bytes, secrets: Sequence[str]) -> str:
        return verify_calcom(body, request.headers.get(self.signature, ""), secrets)

    def shared_secrets(self, request: HttpRequest) -> Sequence[str]:
        return settings.CALCOM_WEBHOOK_SECRETS

    def read(self, request: HttpRequest, body: bytes) -> Incoming:
        envelope = load_form(body) if request.content_type == FORM else load_object(body)
        told = opened(envelope)
        trigger, uid = told.trigger, told.subject
        created_at = name(envelope.get("createdAt"), 40)
        status, reason = self._judge(trigger, uid)
        has_key = bool(trigger and uid and created_at) and trigger != PING
        return Incoming(
            event_type=trigger,
            event_key=f"{trigger}:{uid}:{created_at}" if has_key else body_key(trigger, body),
            subject=uid,
            occurred_at=told.happened_at,
            status=status,
            reason=reason,
            tenant=_tenant(told.booking, uid) if status == Status.RECEIVED else "",
        )

    def answer(self, incoming: Incoming, address: WebhookAddress | None) -> HttpResponse:
        """200, and fast: Cal.com's own API call may be waiting for it (calcom.md §4)."""
        return HttpResponse(status=200, content_type="text/plain")

    def _judge(self, trigger: str, uid: str) -> tuple[WebhookEvent.Status, str]:
        if not trigger:
            return Status.INVALID, "triggerEvent is missing or no name."
        if trigger in IGNORED:
            return Status.IGNORED, IGNORED[trigger]
        if trigger not in self.jobs:
            return Status.IGNORED, WebhookEvent.UNKNOWN[Provider.CALCOM]
        if not uid:
            return Status.INVALID, "uid is missing or no name."
        return Status.RECEIVED, ""


def _tenant(booking: Mapping[str, Any], uid: str) -> str:
    """Whose limit it is, by the event type, else by the booking; empty while no company has either."""
    event_type = number(booking.get("eventTypeId"))
    services = Service.objects.filter(calcom_event_type_id=event_type) if event_type else Service.objects.none()
    company = services.values_list("company_id", flat=True).first()
    company = company or CalcomUid.objects.filter(uid=uid).values_list("company_id", flat=True).first()
    return f"company:{company}" if company else ""
