"""Requests for appointments."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

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
        OPEN = "open", _("Waits to be booked")
        BOOKED = "booked", _("Booked")
        FOLLOW_UP = "follow_up", _("A person follows up")
        CHANGED = "changed", _("An appointment was cancelled or moved")
        DROPPED = "dropped", _("Nothing to do")

    call = models.ForeignKey(
        Call, verbose_name=_("call"), on_delete=models.PROTECT, null=True, blank=True, related_name="booking_requests"
    )
    branch = models.ForeignKey(
        Branch,
        verbose_name=_("branch"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty: the call's."),
    )
    customer = models.ForeignKey(
        Customer,
        verbose_name=_("customer"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty: the call's."),
    )
    ordinal = models.PositiveSmallIntegerField(_("number in the call"), default=1)
    company = models.ForeignKey(
        Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="booking_requests"
    )
    status = models.CharField(_("state"), max_length=16, choices=Status.choices, default=Status.OPEN)
    date_words = models.CharField(_("words for the day"), max_length=200, blank=True, default="")
    time_words = models.CharField(_("words for the time"), max_length=200, blank=True, default="")
    service_words = models.CharField(_("words for the service"), max_length=200, blank=True, default="")
    staff_words = models.CharField(_("words for the staff member"), max_length=200, blank=True, default="")
    branch_words = models.CharField(_("words for the branch"), max_length=200, blank=True, default="")
    name = models.CharField(_("name"), max_length=200, blank=True, default="")
    contact_phone = models.CharField(_("number for messages"), max_length=16, blank=True, default="")
    email = models.CharField(_("e-mail"), max_length=254, blank=True, default="")
    notes = SealedTextField(_("notes"), blank=True, default="")
    sms_consent = models.BooleanField(_("agreed to SMS"), default=False)
    starts_at = models.DateTimeField(_("begins"), null=True, blank=True)
    service = models.ForeignKey(
        Service, verbose_name=_("service"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    staff = models.ForeignKey(
        Staff, verbose_name=_("staff member"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    unclear = models.CharField(
        _("what is unclear"),
        max_length=40,
        blank=True,
        default="",
        choices=codes,
        help_text=_("Why it cannot be booked automatically."),
    )
    says_new_time = models.BooleanField(
        _("says the new time"),
        default=False,
        editable=False,
        help_text=_("Day and time are the new ones of an appointment to be moved."),
    )
    told_on_phone_at = models.DateTimeField(
        _("told on the phone at"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When the caller was told, during the call, what became of it."),
    )
    booked_by = models.ForeignKey(
        "auth.User",
        verbose_name=_("booked by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text=_("The user who had it booked; empty: the customer."),
    )
    booking_key = models.UUIDField(_("booking key"), default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("booking request")
        verbose_name_plural = _("booking requests")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint("call", "ordinal", name="booking_request_per_call"),
            models.CheckConstraint(
                condition=Q(call__isnull=False) | Q(branch__isnull=False), name="booking_request_has_branch"
            ),
        ]
        indexes = [models.Index(fields=["created_at"], condition=Q(status="open"), name="booking_request_open")]

    def __str__(self) -> str:
        return f"{self.call.retell_call_id} #{self.ordinal}" if self.call else _("API request %(id)s") % {"id": self.pk}

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
