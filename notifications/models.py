"""Every message to a customer or to staff, one row each."""

import uuid

from django.db import models
from django.db.models import Q

from appointments.models import Appointment
from calls.models import Call, Company, Customer
from calls.models.company import Language


class Notification(models.Model):
    """One message about one version of an appointment. Written before it is sent, so that it is sent once."""

    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation", "Confirmation"
        RESCHEDULED = "rescheduled", "Time changed"
        CANCELLATION = "cancellation", "Cancellation"
        STAFF = "staff", "To staff"

    class Channel(models.TextChoices):
        SMS = "sms", "SMS"
        EMAIL = "email", "E-mail"

    class Status(models.TextChoices):
        PENDING = "pending", "Waits to be sent"
        SENDING = "sending", "Being sent"
        UNKNOWN = "unknown", "May have been sent: look first"
        SENT = "sent", "Accepted by the provider"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Failed"
        SKIPPED = "skipped", "Not sent on purpose"

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="notifications")
    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, null=True, blank=True, related_name="notifications"
    )
    call = models.ForeignKey(Call, on_delete=models.SET_NULL, null=True, blank=True, related_name="notifications")
    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="notifications"
    )
    kind = models.CharField(max_length=16, choices=Kind.choices)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    version = models.PositiveIntegerField(default=1, help_text="Version of the appointment it tells of.")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PENDING)
    reason = models.CharField(max_length=200, blank=True, default="", help_text="Why failed or skipped, in words.")
    recipient = models.CharField(max_length=254, blank=True, default="")
    language = models.CharField(max_length=2, choices=Language.choices, default=Language.GERMAN)
    text = models.TextField(blank=True, default="", help_text="As sent.")
    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    provider_id = models.CharField(max_length=64, null=True, blank=True, unique=True)
    provider_status = models.CharField(max_length=24, blank=True, default="")
    error_code = models.CharField(max_length=16, blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    sending_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                "appointment",
                "version",
                "kind",
                "channel",
                condition=Q(appointment__isnull=False),
                name="notification_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(status__in=["pending", "sending", "unknown"]),
                name="notification_unsent",
            ),
            models.Index(fields=["recipient"], name="notification_recipient"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} by {self.get_channel_display()}"
