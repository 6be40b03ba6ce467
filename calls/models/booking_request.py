"""What a caller asked for."""

import uuid

from django.db import models
from django.db.models import Q

from calls.models.call import Call
from calls.models.company import Company
from calls.models.offer import Service, Staff


class BookingRequest(models.Model):
    """One wished appointment of a call, with the words said. Unique per call and ordinal: a call can hold two."""

    class Status(models.TextChoices):
        OPEN = "open", "Waits to be booked"
        BOOKED = "booked", "Booked"
        FOLLOW_UP = "follow_up", "A person follows up"
        DROPPED = "dropped", "Nothing to do"

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="booking_requests")
    ordinal = models.PositiveSmallIntegerField(default=1)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="booking_requests")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.OPEN)
    date_words = models.CharField(max_length=200, blank=True, default="")
    time_words = models.CharField(max_length=200, blank=True, default="")
    service_words = models.CharField(max_length=200, blank=True, default="")
    staff_words = models.CharField(max_length=200, blank=True, default="")
    name = models.CharField(max_length=200, blank=True, default="")
    contact_phone = models.CharField(max_length=16, blank=True, default="")
    email = models.CharField(max_length=254, blank=True, default="")
    notes = models.TextField(blank=True, default="")
    sms_consent = models.BooleanField(default=False)
    starts_at = models.DateTimeField(null=True, blank=True)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    unclear = models.CharField(max_length=40, blank=True, default="", help_text="Why a machine must not book it.")
    booking_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint("call", "ordinal", name="booking_request_per_call")]
        indexes = [models.Index(fields=["created_at"], condition=Q(status="open"), name="booking_request_open")]

    def __str__(self) -> str:
        return f"{self.call.retell_call_id} #{self.ordinal}"

    def close(self, status: "BookingRequest.Status") -> bool:
        """Move an open request to `status`; False when it was closed before."""
        return BookingRequest.objects.filter(pk=self.pk, status=self.Status.OPEN).update(status=status) == 1
