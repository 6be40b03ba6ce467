"""Appointments, what a person has to follow up, and the daily counts."""

import uuid

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import Func, Q

from calls.models import BookingRequest, Branch, Call, Company, Customer, Service, Staff


class Appointment(models.Model):
    """One appointment. Cal.com's truth is mirrored; only our own unconfirmed reservations can be refused here."""

    class Status(models.TextChoices):
        REQUESTED = "requested", "Requested"
        CONFIRMED = "confirmed", "Confirmed"
        CANCELLED = "cancelled", "Cancelled"
        COMPLETED = "completed", "Completed"
        NO_SHOW = "no_show", "No-show"

    class Sync(models.TextChoices):
        """Where the appointment stands at Cal.com."""

        PENDING = "pending", "Not booked there yet"
        UNKNOWN = "unknown", "May be booked there: look first"
        SYNCED = "synced", "The same there"
        FAILED = "failed", "Refused there"

    class Source(models.TextChoices):
        PHONE = "phone", "Phone call"
        CALCOM = "calcom", "Cal.com"
        MANUAL = "manual", "By hand"
        API = "api", "API"

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="appointments")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments")
    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="appointments"
    )
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments")
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    call = models.ForeignKey(Call, on_delete=models.SET_NULL, null=True, blank=True, related_name="appointments")
    booking_request = models.OneToOneField(
        BookingRequest, on_delete=models.SET_NULL, null=True, blank=True, related_name="appointment"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    timezone = models.CharField(max_length=64, default="Europe/Berlin")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.REQUESTED)
    sync_status = models.CharField(max_length=16, choices=Sync.choices, default=Sync.PENDING)
    sync_error = models.CharField(max_length=300, blank=True, default="")
    source = models.CharField(max_length=16, choices=Source.choices, default=Source.PHONE)
    attendee_name = models.CharField(max_length=200, blank=True, default="")
    attendee_email = models.CharField(max_length=254, blank=True, default="")
    attendee_phone = models.CharField(max_length=16, blank=True, default="")
    notes = models.TextField(blank=True, default="")
    booking_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    calcom_booking_id = models.BigIntegerField(null=True, blank=True)
    calcom_uid = models.CharField(max_length=64, null=True, blank=True, unique=True)
    calcom_event_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Event time of the newest change applied from Cal.com."
    )
    version = models.PositiveIntegerField(default=1, help_text="Rises with each change the customer is told of.")
    previous_starts_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancellation_reason = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-starts_at"]
        constraints = [
            # Our own reservations only: two callers never hold the same chair while Cal.com is being asked.
            # int8range stands in for btree_gist, which not every PostgreSQL has.
            ExclusionConstraint(
                name="appointment_reservation",
                expressions=[
                    (Func("staff_id", "staff_id", models.Value("[]"), function="int8range"), "&&"),
                    (Func("starts_at", "ends_at", function="tstzrange"), "&&"),
                ],
                condition=Q(status="requested", staff__isnull=False),
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="appointment_has_length"),
        ]
        indexes = [
            models.Index(fields=["company", "starts_at"], name="appointment_by_company"),
            models.Index(fields=["updated_at"], condition=Q(status="requested"), name="appointment_requested"),
        ]

    def __str__(self) -> str:
        return f"{self.attendee_name or 'Appointment'} {self.starts_at:%d.%m.%Y %H:%M}"


class FollowUp(models.Model):
    """Work for a person (Rückruf): what was asked for, why a machine must not decide, by when to call back."""

    class Reason(models.TextChoices):
        SLOT_GONE = "slot_gone", "The time is taken"
        UNCLEAR = "unclear", "Date or time unclear"
        UNKNOWN_SERVICE = "unknown_service", "Service unknown"
        UNKNOWN_STAFF = "unknown_staff", "Staff wish unclear"
        INCOMPLETE = "incomplete", "Request incomplete"
        TOO_SOON = "too_soon", "Too soon or in the past"
        REFUSED = "refused", "Cal.com refused it"
        MISMATCH = "mismatch", "Cal.com booked something else"
        PROVIDER_DOWN = "provider_down", "Cal.com is down"
        CALLBACK = "callback", "Caller asked for a call back"
        REVIEW = "review", "Call needs a look"
        JOB_DEAD = "job_dead", "A job gave up"

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        DONE = "done", "Done"
        OBSOLETE = "obsolete", "Settled by itself"

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="follow_ups")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, null=True, blank=True, related_name="follow_ups")
    call = models.ForeignKey(Call, on_delete=models.PROTECT, null=True, blank=True, related_name="follow_ups")
    booking_request = models.ForeignKey(
        BookingRequest, on_delete=models.PROTECT, null=True, blank=True, related_name="follow_ups"
    )
    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, null=True, blank=True, related_name="follow_ups"
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="follow_ups"
    )
    reason = models.CharField(max_length=24, choices=Reason.choices)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.OPEN)
    words = models.TextField(blank=True, default="", help_text="What the caller said, word for word.")
    detail = models.CharField(max_length=300, blank=True, default="")
    alternatives = models.JSONField(default=list, blank=True, help_text="Free times (UTC) when this was opened.")
    due_at = models.DateTimeField(help_text="Call back by then.")
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        "auth.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    note = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["due_at"]
        constraints = [
            models.UniqueConstraint(
                "booking_request",
                "reason",
                condition=Q(status="open", booking_request__isnull=False),
                name="follow_up_open_once",
            )
        ]
        indexes = [models.Index(fields=["company", "due_at"], condition=Q(status="open"), name="follow_up_due")]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.company.name})"


class DailyCount(models.Model):
    """What a company's day held; always recomputed from the rows, so counting twice is harmless."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="daily_counts")
    day = models.DateField()
    calls = models.PositiveIntegerField(default=0)
    requests = models.PositiveIntegerField(default=0)
    bookings = models.PositiveIntegerField(default=0)
    follow_ups = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-day"]
        constraints = [models.UniqueConstraint("company", "day", name="daily_count_per_company")]

    def __str__(self) -> str:
        return f"{self.company.name} {self.day:%d.%m.%Y}"
