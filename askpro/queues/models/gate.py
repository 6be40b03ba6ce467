"""Where jobs wait for an outside party: how many requests it may get, and whether it is there."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class GateState(models.Model):
    """A gate as all hosts see it: how far its limit is used up, and whether it is shut.

    It is shut after failures of the other side. When `shut_until` has passed, one request is let through to probe; its
    answer opens the gate or shuts it for longer. A gate's name says what is behind it, and never contains a secret key.
    """

    name = models.CharField(max_length=100, primary_key=True)
    # The limit: each request moves `full_at` ahead by `spacing` seconds; the burst is how far ahead it may be.
    full_at = models.DateTimeField(db_default=Now(), help_text=_("When the whole burst may be used again."))
    spacing = models.FloatField(db_default=0.0, help_text=_("Seconds that each request takes up; 0: no limit."))
    burst = models.IntegerField(db_default=0, help_text=_("Requests that may follow each other without a pause."))
    failures = models.IntegerField(db_default=0, help_text=_("Failed requests since the last answer."))
    generation = models.BigIntegerField(db_default=0, help_text=_("Rises when it is shut and when it is opened."))
    shuts = models.IntegerField(db_default=0, help_text=_("Times it was shut since it was open."))
    shut_since = models.DateTimeField(null=True)
    shut_until = models.DateTimeField(null=True, help_text=_("Then one request tries whether it can be opened."))
    probe_until = models.DateTimeField(null=True, help_text=_("Until then that request is waited for."))
    granted_until = models.DateTimeField(null=True, help_text=_("Until then the job that shall try is waited for."))
    reason = models.CharField(max_length=200, db_default="", help_text=_("Why it was shut."))
    told_at = models.DateTimeField(null=True, help_text=_("When its closing was reported."))

    class Meta:
        verbose_name = _("gate")
        verbose_name_plural = _("gates")
        db_table = "queues_gate"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
