"""Two rows of one customer that became one."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.models.company import Company
from calls.models.customer import Customer


class CustomerMerge(models.Model):
    """A person said that `lost` and `kept` are one customer. Says exactly what moved, so that it can be undone."""

    company = models.ForeignKey(Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="+")
    kept = models.ForeignKey(Customer, verbose_name=_("stays"), on_delete=models.CASCADE, related_name="merges")
    lost = models.ForeignKey(Customer, verbose_name=_("merged into it"), on_delete=models.CASCADE, related_name="+")
    moved = models.JSONField(
        _("moved rows"),
        default=dict,
        editable=False,
        help_text=_("Ids of the rows that moved, by the field that names the customer."),
    )
    filled = models.JSONField(
        _("filled fields"),
        default=dict,
        editable=False,
        help_text=_("Fields that were empty in the customer that stays, and were filled."),
    )
    note = models.TextField(_("note"), blank=True, default="", help_text=_("Why they are the same person."))
    user = models.ForeignKey(
        "auth.User", verbose_name=_("merged by"), on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("merged at"), auto_now_add=True)
    undone_by = models.ForeignKey(
        "auth.User", verbose_name=_("undone by"), on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)

    class Meta:
        verbose_name = _("merge of customers")
        verbose_name_plural = _("merges of customers")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(kept=F("lost")), name="customer_merge_of_two"),
            models.UniqueConstraint("lost", condition=Q(undone_at=None), name="customer_merged_once"),
        ]

    def __str__(self) -> str:
        return _("Merge %(id)s") % {"id": self.pk}

    def mark_undone(self, user: Any) -> bool:
        """False if it was undone before."""
        values = {"undone_at": timezone.now(), "undone_by": user}
        if CustomerMerge.objects.filter(pk=self.pk, undone_at=None).update(**values) == 0:
            return False
        self.refresh_from_db(fields=[*values])
        return True
