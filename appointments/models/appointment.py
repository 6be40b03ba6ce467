"""One appointment."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from appointments.models.detail import Detail
from askpro.encryption import SealedTextField
from askpro.language.sentences import Facts, tell
from askpro.queues.errors import Rejected
from calls.models import BookingRequest, Branch, Call, Company, Customer, Service, Staff, Unclear


class Appointment(models.Model):
    """One appointment. Cal.com's state is mirrored; only our own reservations can be refused here."""

    class Status(models.TextChoices):
        """Where it stands with the customer."""

        REQUESTED = "requested", _("Reserved here, or waiting for the host's yes")
        CONFIRMED = "confirmed", _("Confirmed by both sides")
        CANCELLED = "cancelled", _("Does not take place")
        COMPLETED = "completed", _("Took place")
        NO_SHOW = "no_show", _("Customer did not come")

    class Sync(models.TextChoices):
        """Where it stands at Cal.com."""

        PENDING = "pending", _("Nothing was sent there yet")
        UNKNOWN = "unknown", _("May be booked there: check first")
        SYNCED = "synced", _("The same there")
        FAILED = "failed", _("Refused there")

    class Source(models.TextChoices):
        PHONE = "phone", _("Phone call")
        CALCOM = "calcom", "Cal.com"
        MANUAL = "manual", _("By hand")
        API = "api", "API"
        OFFER = "offer", _("Freed time, offered by SMS")

    # Both sides have agreed to it, whether or not it took place.
    AGREED = (Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW)
    # Held here alone; at Cal.com it may be booked, or not.
    IS_RESERVATION = Q(status=Status.REQUESTED, calcom_uid__isnull=True)
    # Booked at Cal.com, where the host has not said yes.
    WAITS_FOR_HOST = Q(status=Status.REQUESTED, calcom_uid__isnull=False)

    company = models.ForeignKey(
        Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="appointments"
    )
    branch = models.ForeignKey(
        Branch, verbose_name=_("branch"), on_delete=models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    customer = models.ForeignKey(
        Customer,
        verbose_name=_("customer"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="appointments",
    )
    staff = models.ForeignKey(
        Staff,
        verbose_name=_("staff member"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="appointments",
    )
    service = models.ForeignKey(
        Service, verbose_name=_("service"), on_delete=models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    call = models.ForeignKey(
        Call, verbose_name=_("call"), on_delete=models.SET_NULL, null=True, blank=True, related_name="appointments"
    )
    booking_request = models.OneToOneField(
        BookingRequest,
        verbose_name=_("booking request"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="appointment",
    )
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    timezone = models.CharField(_("time zone"), max_length=64, default="Europe/Berlin")
    status = models.CharField(_("state"), max_length=16, choices=Status.choices, default=Status.REQUESTED)
    sync_status = models.CharField(_("state at Cal.com"), max_length=16, choices=Sync.choices, default=Sync.PENDING)
    sync_error = models.CharField(_("refusal of Cal.com"), max_length=40, blank=True, default="")
    sync_error_facts = models.JSONField(_("facts of the refusal"), default=dict, blank=True, editable=False)
    failed_tries = models.PositiveSmallIntegerField(_("failed tries"), default=0, editable=False)
    asked_at = models.DateTimeField(
        _("asked for at Cal.com at"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When Cal.com was last asked to book it; empty if that certainly had no effect."),
    )
    source = models.CharField(_("booked through"), max_length=16, choices=Source.choices, default=Source.PHONE)
    attendee_name = models.CharField(_("name"), max_length=200, blank=True, default="")
    attendee_email = models.CharField(_("e-mail"), max_length=254, blank=True, default="")
    calcom_email = models.CharField(
        _("e-mail at Cal.com"),
        max_length=254,
        blank=True,
        default="",
        editable=False,
        help_text=_("Given to Cal.com; may be a made-up address."),
    )
    attendee_phone = models.CharField(_("phone"), max_length=16, blank=True, default="")
    notes = SealedTextField(_("notes"), blank=True, default="")
    booking_key = models.UUIDField(_("booking key"), default=uuid.uuid4, unique=True, editable=False)
    calcom_booking_id = models.BigIntegerField(_("booking id at Cal.com"), null=True, blank=True)
    calcom_uid = models.CharField(_("booking uid at Cal.com"), max_length=64, null=True, blank=True)
    calcom_event_at = models.DateTimeField(
        _("last change at Cal.com"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When the latest change at Cal.com happened."),
    )
    version = models.PositiveIntegerField(
        _("version"), default=1, help_text=_("Increases with each change the customer is told of.")
    )
    previous_starts_at = models.DateTimeField(_("began before"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    customer_confirmed_at = models.DateTimeField(
        _("confirmed by the customer at"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When the customer confirmed this time."),
    )
    cancellation_reason = models.CharField(_("reason of the cancellation"), max_length=300, blank=True, default="")
    erased_at = models.DateTimeField(
        _("erased at"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Since then it names no person, whatever Cal.com says."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last changed at"), auto_now=True)

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
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
                condition=Q(status="requested", calcom_uid__isnull=True, staff__isnull=False),
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="appointment_has_length"),
            models.UniqueConstraint("calcom_uid", "company", name="appointment_calcom_uid_of_company"),
        ]
        indexes = [
            models.Index(fields=["company", "starts_at"], name="appointment_by_company"),
            models.Index(fields=["starts_at"], condition=Q(status="confirmed"), name="appointment_confirmed"),
            models.Index(fields=["updated_at"], condition=Q(status="requested"), name="appointment_requested"),
            # By what people type into the search: a number or its beginning, a mail in any case, Cal.com's id.
            models.Index(fields=["attendee_phone"], opclasses=["varchar_pattern_ops"], name="appointment_phone"),
            models.Index(Upper("attendee_email"), name="appointment_email"),
            models.Index(fields=["calcom_booking_id"], name="appointment_booking_id"),
        ]

    def __str__(self) -> str:
        begins = date_format(timezone.localtime(self.starts_at), "SHORT_DATETIME_FORMAT")
        who = self.attendee_name or _("Appointment")
        return f"{who} {begins}"

    def sync_error_told(self, language: str = "") -> str:
        """What went wrong at Cal.com, in the company's language or another; empty when nothing did."""
        return tell(self.sync_error, self.sync_error_facts, language or self.company.language, Detail, Unclear)

    @property
    def look_up(self) -> tuple[uuid.UUID, int, datetime]:
        """What to search its booking by at Cal.com: our key, the event type, the time first asked for."""
        event_type_id = self.service.calcom_event_type_id if self.service else None
        if event_type_id is None:
            raise Rejected("The service has lost its event type: enter it again, then retry this job.")
        wished_at = self.booking_request.starts_at if self.booking_request else None
        return self.booking_key, event_type_id, wished_at or self.starts_at

    @property
    def is_agreed(self) -> bool:
        return self.status in self.AGREED

    def give_up(self, why: Detail | Unclear, facts: Facts | None = None) -> bool:
        """Release a reservation that did not become a booking; False if a booking was recorded meanwhile."""
        return self._move(
            self.IS_RESERVATION,
            status=self.Status.CANCELLED,
            sync_status=self.Sync.FAILED,
            sync_error=why,
            sync_error_facts=why.checked(facts),
            cancelled_at=timezone.now(),
        )

    def note_failure(self, why: Detail) -> bool:
        """Count one more try that Cal.com did not answer; False when a booking was recorded meanwhile."""
        return self._move(
            self.IS_RESERVATION,
            failed_tries=F("failed_tries") + 1,
            sync_error=why,
            sync_error_facts=why.checked(),
        )

    def note_request(self, at: datetime | None) -> bool:
        """Note when Cal.com is asked to book it; None if the request has certainly not reached Cal.com."""
        return self._move(self.IS_RESERVATION, asked_at=at)

    def note_confirmed_by_customer(self) -> bool:
        """Note that the customer comes; False when that was known, or it is not confirmed and ahead."""
        expected = Q(status=self.Status.CONFIRMED, starts_at=self.starts_at, customer_confirmed_at=None)
        now = timezone.now()
        return self._move(expected & Q(starts_at__gt=now), customer_confirmed_at=now)

    def write(self, **values: Any) -> bool:
        """Write what Cal.com said. The caller read the row with a lock, so that no other change comes between."""
        return self._move(Q(status=self.status, version=self.version), **values)

    def _move(self, expected: Q, **values: Any) -> bool:
        rows = Appointment.objects.filter(expected, pk=self.pk)
        if rows.update(**values, updated_at=timezone.now()) == 0:
            return False
        self.refresh_from_db(fields=[*values, "updated_at"])
        return True
