"""What keeps jobs apart: keys, places and slots; and effects that are done only once."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Lock(models.Model):
    """A key held by a running job, or by an unfinished one where order counts. It neither expires nor outlives the job.

    A key that several may hold at once (`concurrency`) has one row per place, numbered behind a "#".
    """

    key = models.CharField(max_length=200, primary_key=True)
    job_id = models.UUIDField()
    claim_no = models.IntegerField()
    taken_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("lock")
        verbose_name_plural = _("locks")
        indexes = [models.Index("job_id", name="lock_job")]

    def __str__(self) -> str:
        return self.key


class UniqueKey(models.Model):
    """The job that a `unique_by` key stands for. It counts as long as that job waits."""

    key = models.CharField(max_length=200, primary_key=True)
    job_id = models.UUIDField()

    class Meta:
        verbose_name = _("unique key")
        verbose_name_plural = _("unique keys")

    def __str__(self) -> str:
        return self.key


class Effect(models.Model):
    """An effect that is done only once, ever: `once(key)`."""

    key = models.CharField(max_length=200, primary_key=True)
    job_id = models.UUIDField(null=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("effect done once")
        verbose_name_plural = _("effects done once")

    def __str__(self) -> str:
        return self.key


class RateLimit(models.Model):
    """The time of the next slot of a named limit; slots are evenly spaced and given away one by one."""

    name = models.CharField(max_length=100, primary_key=True)
    next_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("rate limit")
        verbose_name_plural = _("rate limits")

    def __str__(self) -> str:
        return self.name
