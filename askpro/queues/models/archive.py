"""What is kept of dead jobs when their rows are gone."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ArchivedJob(models.Model):
    """A dead job whose row was deleted, with its id. It cannot be retried any more."""

    id = models.UUIDField(_("id"), primary_key=True, editable=False)
    actor_name = models.CharField(_("job"), max_length=100)
    queue_name = models.CharField(_("queue"), max_length=50)
    tags = ArrayField(models.CharField(max_length=100), verbose_name=_("tags"), default=list)
    error_class = models.CharField(_("error class"), max_length=200, db_default="")
    created_at = models.DateTimeField(_("sent at"))
    finished_at = models.DateTimeField(_("finished at"))
    archived_at = models.DateTimeField(_("archived at"), db_default=Now())
    story = models.JSONField(
        _("what is kept"), help_text=_("Its arguments, its last error, its batch and chain, and its attempts.")
    )

    class Meta:
        verbose_name = _("archived job")
        verbose_name_plural = _("archived jobs")
        db_table = "queues_archived_job"
        ordering = ["-id"]
        indexes = [GinIndex("tags", condition=~Q(tags=[]), name="archived_job_tags")]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.id}"
