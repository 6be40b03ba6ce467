"""How much came in from each vendor for each company, by the hour."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from webhooks.models.provider import Provider


class Arrivals(models.Model):
    """What one vendor sent for one company in one hour. Counted from the events and kept longer than they are, so that
    what is usual at this hour of the week stays known.
    """

    company = models.ForeignKey(
        "calls.Company",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty: no company had the number, or its job had not run."),
    )
    provider = models.CharField("vendor", max_length=16, choices=Provider.choices)
    hour = models.DateTimeField(help_text=_("Its beginning."))
    subjects = models.PositiveIntegerField(
        default=0, help_text=_("Calls, bookings or messages that the vendor itself told of.")
    )
    events = models.PositiveIntegerField(default=0)
    fetched = models.PositiveIntegerField(default=0, help_text=_("Subjects whose webhook did not arrive."))
    unassigned = models.PositiveIntegerField(default=0)
    ignored = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(null=True, blank=True, help_text=_("When the vendor last sent something."))
    first_event = models.BigIntegerField(default=0, help_text=_("Where the events of this hour begin."))

    class Meta:
        verbose_name = _("arrivals of an hour")
        verbose_name_plural = _("arrivals of hours")
        ordering = ["-hour"]
        constraints = [
            models.UniqueConstraint("company", "provider", "hour", nulls_distinct=False, name="arrivals_once_per_hour"),
        ]
        indexes = [models.Index(fields=["hour"], name="arrivals_by_hour")]

    def __str__(self) -> str:
        return f"{self.provider} {self.hour:%d.%m.%Y %H:00}"
