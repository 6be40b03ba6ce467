"""Jobs that the clock sends."""

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from askpro.queues import cron


class Schedule(models.Model):
    """An entry of `SCHEDULE` and its state. All but the pause and the next tick is rewritten from the code."""

    class Missed(models.TextChoices):
        SKIP = "skip", _("Missed times are skipped")
        ONCE = "once", _("One job for all missed times")
        ALL = "all", _("One job for each missed time, up to a hundred")

    name = models.CharField(_("name"), max_length=100, unique=True)
    cron = models.CharField(_("times"), max_length=100)
    timezone = models.CharField(_("time zone"), max_length=64)
    actor_name = models.CharField(_("job"), max_length=100)
    kwargs = models.JSONField(_("arguments"), default=dict)
    missed = models.CharField(_("missed times"), max_length=10, choices=Missed.choices, default=Missed.ONCE)
    is_paused = models.BooleanField(_("paused"), default=False)
    next_at = models.DateTimeField(_("next time"), null=True, help_text=_("The next time; empty while it is paused."))

    class Meta:
        verbose_name = _("scheduled job")
        verbose_name_plural = _("schedule")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def pause(self) -> bool:
        """Stop sending; returns False when it is paused already."""
        return Schedule.objects.filter(pk=self.pk, is_paused=False).update(is_paused=True, next_at=None) == 1

    def resume(self) -> bool:
        """Continue with the next tick; ticks missed during the pause are not caught up. False when it is not paused."""
        next_at = cron.next_tick(self.cron, self.timezone, timezone.now())
        return Schedule.objects.filter(pk=self.pk, is_paused=True).update(is_paused=False, next_at=next_at) == 1


class ScheduledTick(models.Model):
    """One tick of a schedule. The process that writes its row sends its job, in the same transaction."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="ticks")
    at = models.DateTimeField()
    by_hand = models.BooleanField(default=False, help_text=_("Someone pressed “run now”."))
    job_id = models.UUIDField(null=True)
    sent_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("run of the schedule")
        verbose_name_plural = _("runs of the schedule")
        ordering = ["-at"]
        constraints = [models.UniqueConstraint("schedule", "at", name="schedule_tick_once")]

    def __str__(self) -> str:
        return f"{self.schedule_id} {self.at:%Y-%m-%d %H:%M}"
