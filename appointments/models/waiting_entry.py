"""The waiting list: customers who want to be told when a time becomes free."""

from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from appointments.models.follow_up import FollowUp
from askpro.encryption import SealedTextField
from calls.models import Branch, Company, Customer, Service, Staff

# Monday is 1, as in ISO 8601.
WEEKDAYS: Final = range(1, 8)


def weekdays(days: Any) -> None:
    if not isinstance(days, list) or any(type(day) is not int or day not in WEEKDAYS for day in days):
        raise ValidationError(gettext("Choose days from Monday (1) to Sunday (7)."))


class WaitingEntry(models.Model):
    """One customer who waits for a freed time: of which service, with whom, where, and which times would suit."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits for a freed time")
        SERVED = "served", _("Has a freed time")
        ENDED = "ended", _("Taken off the list by a person")
        EXPIRED = "expired", _("No time became free for this customer")

    company = models.ForeignKey(
        Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="waiting_entries"
    )
    customer = models.ForeignKey(
        Customer, verbose_name=_("customer"), on_delete=models.CASCADE, related_name="waiting_entries"
    )
    service = models.ForeignKey(Service, verbose_name=_("service"), on_delete=models.PROTECT, related_name="+")
    staff = models.ForeignKey(
        Staff,
        verbose_name=_("staff member"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty: any staff member."),
    )
    branch = models.ForeignKey(
        Branch,
        verbose_name=_("branch"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty: any branch."),
    )
    first_day = models.DateField(
        _("first day"), help_text=_("The first day that would suit, by the branch's calendar.")
    )
    last_day = models.DateField(
        _("last day"), help_text=_("The last day that would suit. After it, a person is asked to call the customer.")
    )
    weekdays = models.JSONField(
        _("weekdays"), default=list, blank=True, validators=[weekdays], help_text=_("None chosen: any day.")
    )
    earliest = models.TimeField(
        _("earliest time"), null=True, blank=True, help_text=_("The appointment begins at this time of day or later.")
    )
    latest = models.TimeField(
        _("latest time"), null=True, blank=True, help_text=_("The appointment begins at this time of day or earlier.")
    )
    note = SealedTextField(_("note"), max_length=500, blank=True, default="", help_text=_("For staff only."))
    follow_up = models.ForeignKey(
        FollowUp,
        verbose_name=_("follow-up"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="waiting_entries",
    )
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.WAITING, editable=False)
    asked_at = models.DateTimeField(
        _("waits since"),
        default=timezone.now,
        editable=False,
        help_text=_("The customer who has waited longest is offered a time first."),
    )
    created_by = models.ForeignKey(
        "auth.User",
        verbose_name=_("entered by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("entry on the waiting list")
        verbose_name_plural = _("waiting list")
        ordering = ["asked_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="waiting_entry_has_days"),
            models.UniqueConstraint(
                "follow_up",
                condition=Q(state="waiting", follow_up__isnull=False),
                name="waiting_entry_once_per_follow_up",
            ),
        ]
        indexes = [
            models.Index(
                fields=["company", "service", "asked_at"], condition=Q(state="waiting"), name="waiting_entry_waiting"
            ),
            models.Index(fields=["last_day"], condition=Q(state="waiting"), name="waiting_entry_last_day"),
        ]

    def __str__(self) -> str:
        return f"{self.customer} ({self.service})"

    def clean(self) -> None:
        """Check that its days and times are in order. Raises `ValidationError`."""
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise ValidationError({"last_day": gettext("The last day lies before the first one.")})
        if self.earliest and self.latest and self.latest < self.earliest:
            raise ValidationError({"latest": gettext("This lies before the earliest time.")})

    def suits(self, local: datetime) -> bool:
        """Whether an appointment could begin then, `local` being the time where it is."""
        return (
            self.first_day <= local.date() <= self.last_day
            and (not self.weekdays or local.isoweekday() in self.weekdays)
            and (self.earliest is None or self.earliest <= local.time())
            and (self.latest is None or local.time() <= self.latest)
        )

    def end(self, state: "WaitingEntry.State") -> bool:
        """Take it off the list; False when it was taken off before."""
        waiting = WaitingEntry.objects.filter(pk=self.pk, state=self.State.WAITING)
        if waiting.update(state=state, ended_at=timezone.now()) == 0:
            return False
        self.refresh_from_db(fields=["state", "ended_at"])
        return True
