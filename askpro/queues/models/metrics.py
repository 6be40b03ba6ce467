"""Figures of jobs: what is still to be folded, and tallies by minute, hour and day."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class TallyFields(models.Model):
    """How often something happened in a minute, an hour or a day, and the sum of what was measured of it.

    A tally is either of an actor in a queue, with company 0, or of a company in a queue, without an actor: the ones
    and the others each add up to all jobs, and to all jobs that have a company.
    """

    class What(models.TextChoices):
        COMPLETED = "completed", _("Runs that completed")
        FAILED = "failed", _("Runs that failed, for good or not")
        CANCELLED = "cancelled", _("Runs that ended by a cancellation")
        WAIT = "wait", _("Time from ready to started")
        ARRIVED = "arrived", _("Jobs that were sent")
        DEAD = "dead", _("Jobs that died")
        MEMORY = "memory", _("Growth of a process by one run, in bytes")

    at = models.DateTimeField(help_text=_("The beginning of the minute, hour or day (UTC)."))
    what = models.CharField(max_length=10, choices=What.choices)
    queue_name = models.CharField(max_length=50)
    actor_name = models.CharField(max_length=100, db_default="")
    company_id = models.BigIntegerField(db_default=0)
    about = models.CharField(max_length=200, db_default="", help_text=_("The class of the error."))
    bucket = models.SmallIntegerField(db_default=0, help_text=_("The range of the histogram."))
    count = models.BigIntegerField(db_default=1)
    total = models.FloatField(db_default=0.0, help_text=_("Seconds or bytes."))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.count} {self.what} {self.queue_name} {self.actor_name} {self.at:%Y-%m-%d %H:%M}"


_SERIES = ("at", "what", "queue_name", "actor_name", "company_id", "about", "bucket")


class MetricDelta(TallyFields):
    """What no row of the ledger keeps: appended where it happens, taken away by the fold."""

    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("new figure of jobs")
        verbose_name_plural = _("new figures of jobs")


class MetricMinute(TallyFields):
    """Appended by the fold, which may add to a minute several times."""

    class Meta:
        verbose_name = _("minute's figure of jobs")
        verbose_name_plural = _("minutes' figures of jobs")
        indexes = [models.Index("at", name="metric_minute_at")]


class MetricHour(TallyFields):
    class Meta:
        verbose_name = _("hour's figure of jobs")
        verbose_name_plural = _("hours' figures of jobs")
        constraints = [models.UniqueConstraint(fields=_SERIES, name="metric_hour_once")]


class MetricDay(TallyFields):
    class Meta:
        verbose_name = _("day's figure of jobs")
        verbose_name_plural = _("days' figures of jobs")
        constraints = [models.UniqueConstraint(fields=_SERIES, name="metric_day_once")]


class MetricFold(models.Model):
    """How far the ledger is folded: one row. Whoever folds has locked it.

    Snapshots are PostgreSQL's (`pg_snapshot`). Everything that was visible in `counted` is folded; what became visible
    until `reading` is being folded, in the order of its time, and everything before `place` is done.
    """

    id = models.SmallIntegerField(primary_key=True, db_default=1)
    cluster = models.BigIntegerField(help_text=_("PostgreSQL's system identifier, for which the snapshots are valid."))
    counted = models.TextField()
    counted_at = models.DateTimeField(help_text=_("What had ended and committed by then is in `counted`."))
    running = models.JSONField(default=dict, help_text=_("Transactions that had written then, and when each began."))
    reading = models.TextField(db_default="")
    reading_at = models.DateTimeField(null=True)
    reading_running = models.JSONField(default=dict, db_default={})
    place = models.DateTimeField(null=True)
    rolled = models.BigIntegerField(
        db_default=0, help_text=_("The last minute's tally that is in its hour and its day.")
    )

    class Meta:
        verbose_name = _("progress of jobs' figures")
        verbose_name_plural = _("progress of jobs' figures")

    def __str__(self) -> str:
        return f"{self.counted_at:%Y-%m-%d %H:%M:%S}"
