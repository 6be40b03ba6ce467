"""What is wrong, who is told, and who has said that they need not be told. Each row is whole without the database:
while PostgreSQL is away, the same objects live in Redis or in a file (`askpro.watch.stores`)."""

from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from askpro.queues.ids import uuid7
from askpro.watch.conditions.base import ABOUT, Severity


class Incident(models.Model):
    """One thing that is wrong, from its begin to its end."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Seen, not yet for long enough")
        OPEN = "open", pgettext_lazy("state", "Open")
        OVER = "over", _("Over")

    id = models.UUIDField(_("id"), primary_key=True, default=uuid7, editable=False)
    code = models.CharField(_("condition"), max_length=40)
    about = models.CharField(_("concerns"), max_length=ABOUT)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity)
    status = models.CharField(_("state"), max_length=10, choices=Status, default=Status.PENDING)
    # The host whose watcher saw it last.
    host = models.CharField(_("host"), max_length=255, blank=True)
    value = models.FloatField(_("value"), default=0)
    worst = models.FloatField(_("worst value"), default=0)
    threshold = models.FloatField(_("threshold"), default=0)
    facts = models.JSONField(_("facts"), default=dict, blank=True)
    began_at = models.DateTimeField(_("began at"))
    seen_at = models.DateTimeField(_("last seen at"))
    # When it was decided that people are told of its begin, and of its end: the messages are written with it.
    told_at = models.DateTimeField(_("told at"), null=True, blank=True)
    told_value = models.FloatField(_("value when told"), default=0)
    tellings = models.PositiveIntegerField(_("times told"), default=0)
    next_at = models.DateTimeField(_("next time"), null=True, blank=True)
    # A warning that waits for the morning.
    is_held = models.BooleanField(_("waits for the morning"), default=False)
    escalated_at = models.DateTimeField(_("escalated at"), null=True, blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    acknowledged_by = models.CharField(_("acknowledged by"), max_length=150, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    over_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    over_told_at = models.DateTimeField(_("end told at"), null=True, blank=True)

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ["-began_at", "-id"]
        constraints = [
            # However many watchers there are, one thing that is wrong is one incident.
            models.UniqueConstraint(
                "code", "about", condition=~models.Q(status="over"), name="watch_one_incident_of_each"
            )
        ]
        indexes = [
            models.Index(fields=["-began_at", "-id"], name="watch_incident_began"),
            models.Index("over_at", condition=models.Q(status="over", over_told_at=None), name="watch_incident_untold"),
        ]

    def __str__(self) -> str:
        return f"{self.code} ({self.about})"

    @property
    def key(self) -> tuple[str, str]:
        return self.code, self.about

    @property
    def is_live(self) -> bool:
        """Whether a watcher still has something to do about it."""
        return self.status != self.Status.OVER or (self.told_at is not None and self.over_told_at is None)

    def acknowledge(self, by: str, now: datetime, note: str = "") -> bool:
        """Somebody is at it: it is neither repeated nor escalated; its end is told. False when somebody was first."""
        untaken = Incident.objects.filter(pk=self.pk, acknowledged_at=None).exclude(status=self.Status.OVER)
        return bool(untaken.update(acknowledged_at=now, acknowledged_by=by[:150], note=note[:500]))


class Mute(models.Model):
    """Until a time, nobody is told of a condition, or of what one of its incidents is about; ends are still told."""

    id = models.UUIDField(_("id"), primary_key=True, default=uuid7, editable=False)
    code = models.CharField(_("condition"), max_length=40)
    about = models.CharField(_("concerns"), max_length=ABOUT, blank=True)
    until = models.DateTimeField(_("muted until"))
    reason = models.CharField(_("reason"), max_length=500)
    by = models.CharField(_("muted by"), max_length=150)
    created_at = models.DateTimeField(_("muted at"))

    class Meta:
        verbose_name = _("mute")
        verbose_name_plural = _("mutes")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["until"], name="watch_mute_until")]

    def __str__(self) -> str:
        return f"{self.code} ({self.about})" if self.about else self.code

    def covers(self, incident: Incident, now: datetime) -> bool:
        return self.until > now and self.code == incident.code and self.about in ("", incident.about)

    def lift(self, now: datetime) -> bool:
        """End it now. False when it is over already."""
        return bool(Mute.objects.filter(pk=self.pk, until__gt=now).update(until=now))


class Notice(models.Model):
    """A message to people, in their words; written together with the change that it tells."""

    class Kind(models.TextChoices):
        BEGAN = "began", _("Began")
        GREW = "grew", _("Got worse")
        LASTS = "lasts", _("Continues")
        ESCALATED = "escalated", _("Nobody has acknowledged it")
        OVER = "over", _("Over")
        MORNING = "morning", _("What happened overnight")
        TEST = "test", _("Test")

    id = models.UUIDField(_("id"), primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity)
    # The first incident that it tells: mails about the same one form a thread.
    thread = models.UUIDField(_("thread"), null=True, blank=True)
    subject = models.CharField(_("subject"), max_length=200)
    text = models.TextField(_("text"))
    short = models.CharField(_("short text"), max_length=160)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["-created_at", "-id"], name="watch_notice_created")]

    def __str__(self) -> str:
        return self.subject


class Delivery(models.Model):
    """A notice on one channel, to one recipient where the channel has no lists."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        GIVEN_UP = "given_up", _("Given up")

    id = models.UUIDField(_("id"), primary_key=True, default=uuid7, editable=False)
    notice = models.ForeignKey(Notice, verbose_name=_("notice"), on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(_("channel"), max_length=20)
    # Which of the channel's recipients, by its place in the setting.
    place = models.PositiveSmallIntegerField(_("address"), default=0)
    status = models.CharField(_("state"), max_length=10, choices=Status, default=Status.WAITING)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    next_at = models.DateTimeField(_("next time"))
    # While one watcher sends it, no other does; one that dies has it for this long.
    held_until = models.DateTimeField(_("taken until"), null=True, blank=True)
    held_by = models.CharField(_("taken by"), max_length=100, blank=True)
    error = models.CharField(_("error"), max_length=200, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    class Meta:
        verbose_name = _("delivery of a notice")
        verbose_name_plural = _("deliveries of notices")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "channel", "place"], name="watch_one_delivery_of_each")
        ]
        indexes = [
            models.Index("next_at", condition=models.Q(status="waiting"), name="watch_delivery_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.place}"


class Watcher(models.Model):
    """A `manage.py watch`, and when it last went round."""

    host = models.CharField(max_length=255, primary_key=True)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    # It was told to stop; one that falls silent without that is missed.
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("watcher")
        verbose_name_plural = _("watchers")
        ordering = ["host"]

    def __str__(self) -> str:
        return self.host


def live_incidents() -> models.QuerySet[Incident]:
    """Those about which a watcher still has something to do."""
    untold = models.Q(status=Incident.Status.OVER, over_told_at=None, told_at__isnull=False)
    return Incident.objects.filter(~models.Q(status=Incident.Status.OVER) | untold)


def open_incidents() -> models.QuerySet[Any]:
    """What people have been told of, or will be, and what is not over."""
    return Incident.objects.filter(status=Incident.Status.OPEN)
