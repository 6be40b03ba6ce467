"""Requests for appointments."""

import uuid

from django.db import models
from django.db.models import Q

from askpro.encryption import SealedTextField
from askpro.language.sentences import tell
from calls.models.call import Call
from calls.models.company import Branch, Company
from calls.models.customer import Customer
from calls.models.offer import Service, Staff
from calls.wishes.unclear import Unclear, codes


class BookingRequest(models.Model):
    """One wished appointment. A call's has the words said, and is unique by call and ordinal: a call can have two.

    Without a call it came through the API, and has its own branch and customer.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Waits to be booked"
        BOOKED = "booked", "Booked"
        FOLLOW_UP = "follow_up", "A person follows up"
        CHANGED = "changed", "An appointment was cancelled or moved"
        DROPPED = "dropped", "Nothing to do"

    call = models.ForeignKey(Call, on_delete=models.PROTECT, null=True, blank=True, related_name="booking_requests")
    branch = models.ForeignKey(
        Branch, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Empty: the call's."
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", help_text="Empty: the call's."
    )
    ordinal = models.PositiveSmallIntegerField(default=1)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="booking_requests")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.OPEN)
    date_words = models.CharField(max_length=200, blank=True, default="")
    time_words = models.CharField(max_length=200, blank=True, default="")
    service_words = models.CharField(max_length=200, blank=True, default="")
    staff_words = models.CharField(max_length=200, blank=True, default="")
    branch_words = models.CharField(max_length=200, blank=True, default="")
    name = models.CharField(max_length=200, blank=True, default="")
    contact_phone = models.CharField(max_length=16, blank=True, default="")
    email = models.CharField(max_length=254, blank=True, default="")
    notes = SealedTextField(blank=True, default="")
    sms_consent = models.BooleanField(default=False)
    starts_at = models.DateTimeField(null=True, blank=True)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    unclear = models.CharField(
        max_length=40, blank=True, default="", choices=codes, help_text="Why a machine must not book it."
    )
    says_new_time = models.BooleanField(
        default=False, editable=False, help_text="Day and time were said as the new ones of a move."
    )
    told_on_phone_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the caller was told during the call what became of it."
    )
    booked_by = models.ForeignKey(
        "auth.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text="Who of the staff wants it booked; empty: the customer.",
    )
    booking_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint("call", "ordinal", name="booking_request_per_call"),
            models.CheckConstraint(
                condition=Q(call__isnull=False) | Q(branch__isnull=False), name="booking_request_has_branch"
            ),
        ]
        indexes = [models.Index(fields=["created_at"], condition=Q(status="open"), name="booking_request_open")]

    def __str__(self) -> str:
        return f"{self.call.retell_call_id} #{self.ordinal}" if self.call else f"API request {self.pk}"

    @property
    def where(self) -> Branch:
        """The branch where the appointment should be."""
        branch = self.branch or (self.call.branch if self.call else None)
        assert branch is not None  # by constraint
        return branch

    @property
    def who(self) -> Customer | None:
        """The customer of the appointment, once known."""
        return self.customer or (self.call.customer if self.call else None)

    def settle_call(self, outcome: Call.Outcome) -> None:
        """Write the outcome to its call, if it has one."""
        if self.call is not None:
            self.call.settle_outcome(outcome)

    def unclear_told(self, language: str = "") -> str:
        """Why no machine may book it, in the company's language or another; empty when nothing is unclear."""
        return tell(self.unclear, {}, language or self.company.language, Unclear)

    @property
    def asks_for_booking(self) -> bool:
        """False if the caller wants something from a person instead."""
        return Unclear.of(self.unclear).asks_for_booking

    def close(self, status: "BookingRequest.Status") -> bool:
        """Move an open request to `status`; False when it was closed before."""
        return BookingRequest.objects.filter(pk=self.pk, status=self.Status.OPEN).update(status=status) == 1
