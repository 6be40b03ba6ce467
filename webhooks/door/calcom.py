"""Cal.com: which triggers there are, and what makes each the same when sent again (there is no delivery id)."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from appointments.calcom.event import opened
from appointments.tasks import process_calcom_webhook
from webhooks.door.incoming import Incoming, body_key
from webhooks.door.signatures import verify_calcom
from webhooks.door.vendor import Vendor
from webhooks.inbox.reading import FORM, load_form, load_object, text
from webhooks.models import Provider, WebhookAddress, WebhookEvent

Status = WebhookEvent.Status

PING = "PING"
IGNORED = {
    PING: "A test of the connection.",
    **dict.fromkeys(
        (
            "MEETING_STARTED",
            "BOOKING_PAYMENT_INITIATED",
            "BOOKING_PAID",
            "RECORDING_READY",
            "RECORDING_TRANSCRIPTION_GENERATED",
            "INSTANT_MEETING",
            "OOO_CREATED",
            "FORM_SUBMITTED",
            "FORM_SUBMITTED_NO_EVENT",
            "AFTER_HOSTS_CAL_VIDEO_NO_SHOW",
            "AFTER_GUESTS_CAL_VIDEO_NO_SHOW",
            "DELEGATION_CREDENTIAL_ERROR",
            "WRONG_ASSIGNMENT_REPORT",
        ),
        "Changes no appointment here.",
    ),
}
WORKED_ON = (
    "BOOKING_CREATED",
    "BOOKING_REQUESTED",
    "BOOKING_RESCHEDULED",
    "BOOKING_CANCELLED",
    "BOOKING_REJECTED",
    "BOOKING_REASSIGNED",
    "BOOKING_NO_SHOW_UPDATED",
    "MEETING_ENDED",
)


class Calcom(Vendor):
    provider = Provider.CALCOM
    # A form comes from a webhook with a template of its own.
    content_types = frozenset({"application/json", FORM})
    kept_headers = ("X-Cal-Signature-256", "X-Cal-Webhook-Version")
    jobs = dict.fromkeys(WORKED_ON, process_calcom_webhook)

    def verify(self, request: HttpRequest, body: bytes, secrets: Sequence[str]) -> str:
        return verify_calcom(body, request.headers.get("X-Cal-Signature-256", ""), secrets)

    def shared_secrets(self, request: HttpRequest) -> Sequence[str]:
        return settings.CALCOM_WEBHOOK_SECRETS

    def read(self, request: HttpRequest, body: bytes) -> Incoming:
        envelope = load_form(body) if request.content_type == FORM else load_object(body)
        trigger, at, booking = opened(envelope)
        uid = text(booking.get("uid"), 64) or text(booking.get("bookingUid"), 64)
        created_at = text(envelope.get("createdAt"), 40)
        status, reason = self._judge(trigger, uid)
        has_key = bool(trigger and uid and created_at) and trigger != PING
        return Incoming(
            event_type=trigger,
            event_key=f"{trigger}:{uid}:{created_at}" if has_key else body_key(trigger, body),
            subject=uid,
            occurred_at=_moment(text(at, 40)),
            status=status,
            reason=reason,
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
            return Status.IGNORED, "Unknown trigger."
        if not uid:
            return Status.INVALID, "uid is missing or no name."
        return Status.RECEIVED, ""


def _moment(written: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(written)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
