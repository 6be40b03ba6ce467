"""Jobs that the clock sends."""

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from askpro.queues import cron


class Schedule(models.Model):
    """An entry of `SCHEDULE` and its state. All but the pause and the next tick is rewritten from the code."""

    class Missed(models.TextChoices):
        SKIP = "skip", "Ticks that were missed are skipped"
        ONCE = "once", "One job stands for all that were missed"
        ALL = "all", "Each missed tick gets its job, up to a hundred"

    name = models.CharField(max_length=100, unique=True)
    cron = models.CharField(max_length=100)
    timezone = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=100)
    kwargs = models.JSONField(default=dict)
    missed = models.CharField(max_length=10, choices=Missed.choices, default=Missed.ONCE)
    is_paused = models.BooleanField(default=False)
    next_at = models.DateTimeField(null=True, help_text="The next tick; none while it is paused.")

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "schedule"

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
    by_hand = models.BooleanField(default=False, help_text="Somebody pressed “run now”.")
    job_id = models.UUIDField(null=True)
    sent_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-at"]
        constraints = [models.UniqueConstraint("schedule", "at", name="schedule_tick_once")]

    def __str__(self) -> str:
        return f"{self.schedule_id} {self.at:%Y-%m-%d %H:%M}"
