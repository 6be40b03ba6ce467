"""Days on which a company is closed although its weekday is open."""

from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from calls.models.company import Branch, Company


class ClosedDay(models.Model):
    """From the first day to the last: holidays of the company, an inventory, a move.

    Nothing is offered on these days, whatever Cal.com says; what is booked already stays.
    """

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="closed_days")
    branch = models.ForeignKey(
        Branch, on_delete=models.CASCADE, null=True, blank=True, related_name="+", help_text="Empty: all."
    )
    first_day = models.DateField()
    last_day = models.DateField()
    reason = models.CharField(max_length=100, help_text="Callers may be told, such as Betriebsferien.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-first_day"]
        constraints = [
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="closed_day_order"),
        ]

    def __str__(self) -> str:
        days = f"{self.first_day:%d.%m.%Y}"
        return f"{self.reason}, {days if self.last_day == self.first_day else f'{days} – {self.last_day:%d.%m.%Y}'}"

    def clean(self) -> None:
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise ValidationError({"last_day": "It is before the first day."})

    def days(self, first: date, last: date) -> list[date]:
        """Its days between these two."""
        begin, end = max(first, self.first_day), min(last, self.last_day)
        return [begin + timedelta(days=number) for number in range((end - begin).days + 1)]
