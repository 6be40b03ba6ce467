"""Two rows of one customer that became one."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from calls.models.company import Company
from calls.models.customer import Customer


class CustomerMerge(models.Model):
    """A person said that `lost` and `kept` are one customer. Says exactly what moved, so that it can be undone."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    kept = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="merges")
    lost = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    moved = models.JSONField(
        default=dict, editable=False, help_text="Ids of the rows that moved, by the field that names the customer."
    )
    filled = models.JSONField(
        default=dict, editable=False, help_text="Fields that were empty in the row that stayed and were filled."
    )
    note = models.TextField(blank=True, default="", help_text="Why they are one.")
    user = models.ForeignKey("auth.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    undone_by = models.ForeignKey("auth.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(kept=F("lost")), name="customer_merge_of_two"),
            models.UniqueConstraint("lost", condition=Q(undone_at=None), name="customer_merged_once"),
        ]

    def __str__(self) -> str:
        return f"Merge {self.pk}"

    def mark_undone(self, user: Any) -> bool:
        """False if it was undone before."""
        values = {"undone_at": timezone.now(), "undone_by": user}
        if CustomerMerge.objects.filter(pk=self.pk, undone_at=None).update(**values) == 0:
            return False
        self.refresh_from_db(fields=[*values])
        return True
