"""Daily counts of a company."""

from django.db import models

from calls.models import Company


class DailyCount(models.Model):
    """A company's counts of one day; always recomputed from the rows, so counting twice is harmless."""

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
