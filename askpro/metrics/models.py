"""Figures as they are written, and their sums."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Figures(models.Model):
    """How often something happened and how long it took: to whom, where and with which result, as the kind says."""

    class Kind(models.TextChoices):
        VENDOR = "vendor", _("Exchanges with a vendor")
        REQUEST = "request", _("Web requests")
        WEBHOOK = "webhook", _("Incoming webhooks")
        LOST = "lost", _("Figures that did not fit into a process's memory")

    at = models.DateTimeField(help_text=_("The beginning of the minute, hour or day."))
    kind = models.CharField(max_length=7, choices=Kind.choices)
    name = models.CharField(max_length=100, help_text=_("The vendor, the view or the provider."))
    part = models.CharField(max_length=100, help_text=_("The route of a vendor's API."))
    result = models.CharField(max_length=100)
    # No foreign key: figures outlive what they are about, and tell no person.
    company = models.BigIntegerField(help_text=_("The company's id; 0: of none."))
    count = models.BigIntegerField()
    seconds = models.FloatField(help_text=_("Of all together."))
    buckets = ArrayField(models.BigIntegerField(), help_text=_("How many took up to each bound, and how many longer."))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.kind} {self.name} {self.part} {self.result}: {self.count}"


class Delta(Figures):
    """What one process noted of a minute since it last wrote; added, then summed and deleted, never changed."""

    class Meta:
        verbose_name = _("new figure")
        verbose_name_plural = _("new figures")


class Total(Figures):
    """The sum over a minute, an hour or a day, or over all time."""

    class Step(models.TextChoices):
        MINUTE = "minute", _("A minute")
        HOUR = "hour", _("An hour")
        DAY = "day", _("A day")
        EVER = "ever", _("Since the beginning")

    step = models.CharField(max_length=6, choices=Step.choices)

    class Meta:
        verbose_name = _("figure")
        verbose_name_plural = _("figures")
        constraints = [
            models.UniqueConstraint(
                fields=["step", "kind", "at", "name", "part", "result", "company"], name="metrics_total_once"
            )
        ]


class JobTotal(models.Model):
    """What jobs did since the beginning: the engine's figures of minutes, which it does not keep, added up for counters
    that never fall. Of an actor in a queue with company 0, or of a company in a queue without an actor."""

    what = models.CharField(max_length=10, help_text=_("As the engine's `TallyFields.What`."))
    queue_name = models.CharField(max_length=50)
    actor_name = models.CharField(max_length=100)
    company = models.BigIntegerField(help_text=_("The company's id; 0: of all."))
    about = models.CharField(max_length=200, help_text=_("The class of the error."))
    bucket = models.SmallIntegerField(help_text=_("The range of the histogram."))
    count = models.BigIntegerField()
    total = models.FloatField(help_text=_("Seconds or bytes."))

    class Meta:
        verbose_name = _("total of jobs")
        verbose_name_plural = _("totals of jobs")
        constraints = [
            models.UniqueConstraint(
                fields=["what", "queue_name", "actor_name", "company", "about", "bucket"], name="metrics_jobtotal_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.what} {self.queue_name} {self.actor_name}"


class AddedUp(models.Model):
    """How far the engine's figures are in `JobTotal`: one row."""

    id = models.SmallIntegerField(primary_key=True, db_default=1)
    minute = models.BigIntegerField(help_text=_("The id of the last one."))

    class Meta:
        verbose_name = _("progress of jobs' totals")
        verbose_name_plural = _("progress of jobs' totals")

    def __str__(self) -> str:
        return _("up to %(minute)s") % {"minute": self.minute}
