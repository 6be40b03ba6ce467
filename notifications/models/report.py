"""What a company's owner is told of: a day, a week or one call, once."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from calls.models import Call, Company


class Report(models.Model):
    """Written once for each period or call, with a message to each reader; its numbers are counted when it is sent."""

    class Kind(models.TextChoices):
        DAILY = "daily", _("Of a day")
        WEEKLY = "weekly", _("Of a week")
        CALL = "call", _("Of a call")

    company = models.ForeignKey(Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="reports")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    call = models.ForeignKey(
        Call, verbose_name=_("call"), on_delete=models.SET_NULL, null=True, blank=True, related_name="reports"
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                "company", "kind", "first_day", condition=~Q(kind="call"), name="report_once_per_period"
            ),
            models.UniqueConstraint("call", condition=Q(call__isnull=False), name="report_once_per_call"),
        ]

    def __str__(self) -> str:
        return _("Report %(id)s") % {"id": self.pk}
