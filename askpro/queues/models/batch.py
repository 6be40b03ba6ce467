"""Jobs that belong together."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from askpro.queues.ids import uuid7


class Batch(models.Model):
    """Jobs that belong together. A chain inside counts as one member."""

    class Status(models.TextChoices):
        OPEN = "open", "Members are unfinished"
        FINISHED = "finished", "All members are over"
        CANCELLED = "cancelled", "Cancelled"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=200, blank=True, default="")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    total = models.IntegerField(default=0)
    pending = models.IntegerField(default=0)
    failed = models.IntegerField(default=0, help_text="Dead, expired and cancelled members.")
    allow_failures = models.BooleanField(default=False, help_text="Off: the first failure cancels the rest.")
    generation = models.SmallIntegerField(default=1, help_text="Rises with each retry; callbacks fire once in each.")
    on_success_id = models.UUIDField(null=True, help_text="Sent when all members have completed.")
    on_failure_id = models.UUIDField(null=True, help_text="Sent at the first failure.")
    on_finish_id = models.UUIDField(null=True, help_text="Sent when all members are over.")
    chain_id = models.UUIDField(null=True, help_text="The chain that goes on when it has succeeded.")
    chain_step = models.SmallIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "batches"
        indexes = [models.Index("chain_id", condition=Q(chain_id__isnull=False), name="batch_chain")]

    def __str__(self) -> str:
        return self.name or str(self.id)

    @property
    def processed(self) -> int:
        """Members that are over, however they ended."""
        return self.total - self.pending


class BatchMember(models.Model):
    """A chain inside a batch that is over and has been counted."""

    chain_id = models.UUIDField(primary_key=True)
    batch_id = models.UUIDField(db_index=True)
    failed = models.BooleanField()

    def __str__(self) -> str:
        return str(self.chain_id)
