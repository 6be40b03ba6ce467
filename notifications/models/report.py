"""What a company's owner is told of: a day, a week or one call, once."""

from django.db import models
from django.db.models import Q

from calls.models import Call, Company


class Report(models.Model):
    """Written once for each period or call, with a message to each reader; its numbers are counted when it is sent."""

    class Kind(models.TextChoices):
        DAILY = "daily", "Of a day"
        WEEKLY = "weekly", "Of a week"
        CALL = "call", "Of a call"

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="reports")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    first_day = models.DateField()
    last_day = models.DateField()
    call = models.ForeignKey(Call, on_delete=models.SET_NULL, null=True, blank=True, related_name="reports")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                "company", "kind", "first_day", condition=~Q(kind="call"), name="report_once_per_period"
            ),
            models.UniqueConstraint("call", condition=Q(call__isnull=False), name="report_once_per_call"),
        ]

    def __str__(self) -> str:
        return f"Report {self.pk}"
