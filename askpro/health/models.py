"""What proves that PostgreSQL can be written to, and that jobs get through."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Probe(models.Model):
    """One row, which every check of `/health/ready` writes."""

    at = models.DateTimeField()

    class Meta:
        verbose_name = _("check of the database")
        verbose_name_plural = _("checks of the database")

    def __str__(self) -> str:
        return f"{self.at:%d.%m.%Y %H:%M:%S}"


class Canary(models.Model):
    """The newest canary of a queue that came through: sent by the schedule, claimed, run and settled by a worker."""

    queue = models.CharField(max_length=50, unique=True)
    sent_at = models.DateTimeField(help_text=_("The tick of the schedule that sent it."))
    seen_at = models.DateTimeField(help_text=_("When it ran."))

    class Meta:
        verbose_name = _("canary")
        verbose_name_plural = _("canaries")
        ordering = ["queue"]

    def __str__(self) -> str:
        return self.queue
