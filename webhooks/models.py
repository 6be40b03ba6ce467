"""What the vendors told us, as they told it, and what was refused at the door."""

import uuid

from django.db import models
from django.db.models import Q


class Provider(models.TextChoices):
    RETELL = "retell", "Retell"
    CALCOM = "calcom", "Cal.com"
    TWILIO = "twilio", "Twilio"


class WebhookEvent(models.Model):
    """One verified event: the raw bytes, and how far it got. The provider's own key makes it unique."""

    class Status(models.TextChoices):
        RECEIVED = "received", "Waits for its job"
        PROCESSED = "processed", "Processed"
        IGNORED = "ignored", "Nothing to do"
        UNASSIGNED = "unassigned", "No company has this number"
        INVALID = "invalid", "Content makes no sense"
        CONFLICT = "conflict", "Same key, other content"
        FAILED = "failed", "Job gave up"

    provider = models.CharField(max_length=16, choices=Provider.choices)
    event_type = models.CharField(max_length=80)
    event_key = models.CharField(max_length=200, help_text="What makes this event the same when sent again.")
    subject = models.CharField(
        max_length=100, blank=True, default="", help_text="Call id, booking uid or message sid it is about."
    )
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.RECEIVED)
    reason = models.CharField(max_length=300, blank=True, default="")
    company = models.ForeignKey(
        "calls.Company", on_delete=models.SET_NULL, null=True, blank=True, related_name="webhook_events"
    )
    body = models.BinaryField()
    body_sha256 = models.CharField(max_length=64)
    content_type = models.CharField(max_length=100, blank=True, default="")
    headers = models.JSONField(default=dict)
    query = models.CharField(max_length=500, blank=True, default="")
    verified_by = models.CharField(max_length=16, blank=True, default="", help_text="Fingerprint of the secret.")
    occurred_at = models.DateTimeField(null=True, blank=True, help_text="When it happened, by the provider.")
    received_at = models.DateTimeField(auto_now_add=True)
    processed_at = models.DateTimeField(null=True, blank=True)
    duplicates = models.PositiveIntegerField(default=0)
    last_duplicate_at = models.DateTimeField(null=True, blank=True)
    conflict_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="conflicts", editable=False
    )
    replays = models.PositiveIntegerField(default=0)
    correlation_id = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint("provider", "event_key", name="webhook_event_once")]
        indexes = [
            models.Index(fields=["subject"], name="webhook_subject"),
            models.Index(fields=["received_at"], condition=Q(status="received"), name="webhook_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.event_type} {self.subject}"


class RefusedWebhook(models.Model):
    """How often a request was turned away: counted by provider, reason, hour and address prefix; no body kept."""

    class Reason(models.TextChoices):
        MISSING_SIGNATURE = "missing_signature", "No signature"
        BAD_SIGNATURE = "bad_signature", "Signature does not match"
        STALE = "stale", "Timestamp too old"
        FUTURE = "future", "Timestamp in the future"
        NOT_CONFIGURED = "not_configured", "No secret configured"
        TOO_LARGE = "too_large", "Body too large"
        NO_LENGTH = "no_length", "No Content-Length"
        BAD_TYPE = "bad_type", "Content type not accepted"
        MALFORMED = "malformed", "Not readable"

    provider = models.CharField(max_length=16, choices=Provider.choices)
    reason = models.CharField(max_length=24, choices=Reason.choices)
    hour = models.DateTimeField()
    address_prefix = models.CharField(max_length=50, help_text="/24 of IPv4, /48 of IPv6.")
    count = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-hour"]
        constraints = [
            models.UniqueConstraint("provider", "reason", "hour", "address_prefix", name="refused_webhook_count")
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.reason} {self.hour:%d.%m.%Y %H:00}"
