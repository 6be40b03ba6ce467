"""Days on which a company is closed although its weekday is open."""

from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from calls.models.company import Branch, Company


class ClosedDay(models.Model):
    """From the first day to the last: holidays of the company, an inventory, a move.

    Nothing is offered on these days, whatever Cal.com says; what is booked already stays.
    """

    company = models.ForeignKey(
        Company, verbose_name=_("company"), on_delete=models.CASCADE, related_name="closed_days"
    )
    branch = models.ForeignKey(
        Branch,
        verbose_name=_("branch"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty: all branches."),
    )
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    reason = models.CharField(
        _("reason"), max_length=100, help_text=_("Callers may hear it, for example “Betriebsferien”.")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("closed day")
        verbose_name_plural = _("closed days")
        ordering = ["-first_day"]
        constraints = [
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="closed_day_order"),
        ]

    def __str__(self) -> str:
        days = (date_format(day, "SHORT_DATE_FORMAT") for day in sorted({self.first_day, self.last_day}))
        return f"{self.reason}, {' – '.join(days)}"

    def clean(self) -> None:
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise ValidationError({"last_day": gettext("It is before the first day.")})

    def days(self, first: date, last: date) -> list[date]:
        """Its days between these two."""
        begin, end = max(first, self.first_day), min(last, self.last_day)
        return [begin + timedelta(days=number) for number in range((end - begin).days + 1)]
