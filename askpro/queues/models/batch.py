"""Jobs that belong together."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from askpro.queues.ids import uuid7


class Batch(models.Model):
    """Jobs that belong together. A chain inside counts as one member."""

    class Status(models.TextChoices):
        OPEN = "open", _("Members are unfinished")
        FINISHED = "finished", _("All members have ended")
        CANCELLED = "cancelled", pgettext_lazy("job", "Cancelled")

    id = models.UUIDField(_("id"), primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=200, blank=True, default="")
    status = models.CharField(_("state"), max_length=10, choices=Status.choices, default=Status.OPEN)
    total = models.IntegerField(_("members"), default=0)
    pending = models.IntegerField(_("unfinished members"), default=0)
    failed = models.IntegerField(_("failed members"), default=0, help_text=_("Dead, expired and cancelled members."))
    allow_failures = models.BooleanField(
        _("goes on after failures"), default=False, help_text=_("Off: the first failure cancels the rest.")
    )
    generation = models.SmallIntegerField(
        _("generation"), default=1, help_text=_("Rises with each retry; callbacks fire once in each.")
    )
    on_success_id = models.UUIDField(
        _("job after success"), null=True, help_text=_("Sent when all members have completed.")
    )
    on_failure_id = models.UUIDField(
        _("job after the first failure"), null=True, help_text=_("Sent at the first failure.")
    )
    on_finish_id = models.UUIDField(_("job at the end"), null=True, help_text=_("Sent when all members have ended."))
    chain_id = models.UUIDField(_("chain"), null=True, help_text=_("The chain that continues when it has succeeded."))
    chain_step = models.SmallIntegerField(_("step of the chain"), null=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ["-id"]
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

    class Meta:
        verbose_name = _("member of a batch")
        verbose_name_plural = _("members of batches")

    def __str__(self) -> str:
        return str(self.chain_id)
