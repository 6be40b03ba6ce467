"""Daily counts of a company."""

from django.db import models
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from calls.models import Company


class DailyCount(models.Model):
    """A company's counts of one day; always recomputed from the rows, so counting twice is harmless."""

    company = models.ForeignKey(
        Company, verbose_name=_("company"), on_delete=models.CASCADE, related_name="daily_counts"
    )
    day = models.DateField(_("day"))
    calls = models.PositiveIntegerField(_("calls"), default=0)
    requests = models.PositiveIntegerField(_("booking requests"), default=0)
    bookings = models.PositiveIntegerField(_("bookings"), default=0)
    follow_ups = models.PositiveIntegerField(_("follow-ups"), default=0)
    # By PostgreSQL's clock: when the newest count began to look.
    counted_at = models.DateTimeField(_("counted"), null=True, editable=False)

    class Meta:
        verbose_name = _("count of a day")
        verbose_name_plural = _("counts of days")
        ordering = ["-day"]
        constraints = [models.UniqueConstraint("company", "day", name="daily_count_per_company")]

    def __str__(self) -> str:
        return f"{self.company.name} {date_format(self.day, 'SHORT_DATE_FORMAT')}"
