"""Repairs that people asked for, with the exact rows of each and what became of them."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Repair(models.Model):
    """One deed over all rows that matched a filter at the moment of asking.

    The rows are its items. Jobs work through them, the oldest first, at most `rate` a second. Where one is tried first,
    that is the newest, and the others wait for what comes of it.
    """

    class Status(models.TextChoices):
        TRYING = "trying", _("One is tried first")
        UNDER_WAY = "under_way", _("Under way")
        FINISHED = "finished", _("Finished")
        HALTED = "halted", _("Stopped: the one that was tried failed again")
        CANCELLED = "cancelled", pgettext_lazy("job", "Cancelled")

    ACTIVE = (Status.TRYING, Status.UNDER_WAY)

    kind = models.CharField(_("kind"), max_length=20)
    verb = models.CharField(_("deed"), max_length=20)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.UNDER_WAY)
    chosen = models.JSONField(_("filter"), default=dict)
    reason = models.CharField(_("reason"), max_length=300)
    at = models.DateTimeField(_("time"), null=True, help_text=_("For deeds that put rows off: until when."))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("asked by")
    )
    rate = models.PositiveSmallIntegerField(_("rows a second"), default=20)
    total = models.PositiveIntegerField(_("rows"), default=0)
    done = models.PositiveIntegerField(_("done"), default=0)
    skipped = models.PositiveIntegerField(_("left alone"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)
    tried = models.CharField(_("tried first"), max_length=40, blank=True, default="")
    code_version = models.CharField(_("code"), max_length=64, blank=True, default="")
    finding = models.CharField(
        _("what came of it"), max_length=200, blank=True, default="", help_text=_("Of the one that was tried first.")
    )
    asked_at = models.DateTimeField(_("asked at"), default=timezone.now)
    paced_at = models.DateTimeField(_("paced until"), editable=False, default=timezone.now)
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("repair")
        verbose_name_plural = _("repairs")
        indexes = [models.Index("asked_at", condition=Q(status__in=["trying", "under_way"]), name="repair_active")]

    def __str__(self) -> str:
        return f"Repair {self.pk}"

    @property
    def handled(self) -> int:
        """Rows of which it is known what became of them."""
        return self.done + self.skipped + self.failed

    @property
    def is_active(self) -> bool:
        return self.status in self.ACTIVE

    def move(self, *expected: "Repair.Status", **values: Any) -> bool:
        """Change it from one of these states; False if it has another by now."""
        if values.get("status") not in (None, *self.ACTIVE):
            values["ended_at"] = timezone.now()
        moved = Repair.objects.filter(pk=self.pk, status__in=expected).update(**values) == 1
        self.refresh_from_db()
        return moved


class RepairItem(models.Model):
    """One row of a repair, by its key, and what became of it."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waits")
        DONE = "done", _("Done again")
        SKIPPED = "skipped", _("Left alone")
        FAILED = "failed", _("Failed")

    repair = models.ForeignKey(Repair, on_delete=models.CASCADE, related_name="items", db_index=False)
    key = models.CharField(max_length=40)
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    # Why it was left alone, as a code of the kind's verb; of one that failed, the class of the error.
    reason = models.CharField(max_length=200, blank=True, default="")
    handled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("row of a repair")
        verbose_name_plural = _("rows of a repair")
        constraints = [models.UniqueConstraint("repair", "key", name="repair_item_once")]
        indexes = [models.Index("repair", "id", condition=Q(status="pending"), name="repair_item_pending")]

    def __str__(self) -> str:
        return f"{self.key} of repair {self.repair_id}"


class Fix(models.Model):
    """Somebody's word that a kind of failure is fixed, by which version; and the failure that came after it, if any.

    A kind is one by its job, the error's class, and the place in the code. Failures of the `broken` versions, which had
    failed so before, do not speak against the fix: their hosts have not got it yet.
    """

    actor_name = models.CharField(_("job"), max_length=100)
    error_class = models.CharField(_("error"), max_length=200, blank=True, default="")
    fingerprint = models.CharField(_("place in the code"), max_length=16, blank=True, default="")
    version = models.CharField(_("fixed in"), max_length=64)
    note = models.CharField(_("note"), max_length=300, blank=True, default="")
    broken = models.JSONField(_("versions that failed"), default=list)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("closed by")
    )
    closed_at = models.DateTimeField(_("closed at"), default=timezone.now)
    reopened_at = models.DateTimeField(_("happened again at"), null=True)
    reopened_by = models.UUIDField(_("the job that failed"), null=True)
    reopened_in = models.CharField(_("in version"), max_length=64, blank=True, default="")

    class Meta:
        ordering = ["-id"]
        default_permissions = ()
        verbose_name = _("fix")
        verbose_name_plural = _("fixes")
        constraints = [
            models.UniqueConstraint(
                *("actor_name", "error_class", "fingerprint"),
                condition=Q(reopened_at=None),
                name="fix_one_in_force_of_each",
            )
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.error_class}, fixed in {self.version}"

    @property
    def kind(self) -> tuple[str, str, str]:
        return self.actor_name, self.error_class, self.fingerprint

    @property
    def holds(self) -> bool:
        """Whether it has not happened again since."""
        return self.reopened_at is None
