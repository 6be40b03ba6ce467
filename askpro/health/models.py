"""What proves that PostgreSQL can be written to, and that jobs get through."""

from django.db import models


class Probe(models.Model):
    """One row, which every check of `/health/ready` writes."""

    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.at:%d.%m.%Y %H:%M:%S}"


class Canary(models.Model):
    """The newest canary of a queue that came through: sent by the schedule, claimed, run and settled by a worker."""

    queue = models.CharField(max_length=50, unique=True)
    sent_at = models.DateTimeField(help_text="The tick of the schedule that sent it.")
    seen_at = models.DateTimeField(help_text="When it ran.")

    class Meta:
        verbose_name_plural = "canaries"
        ordering = ["queue"]

    def __str__(self) -> str:
        return self.queue
