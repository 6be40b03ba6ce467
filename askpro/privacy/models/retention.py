"""How long companies keep what, and what became of it."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.db.models import F, Q, Sum
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from askpro.privacy.classes import OF_ALL, Kept


def days_told(days: int | None) -> str:
    """How long something is kept."""
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": days} if days else gettext("forever")


class RetentionRule(models.Model):
    """A company's own number of days for a class of data, instead of this installation's."""

    company = models.ForeignKey(
        "calls.Company", verbose_name=_("company"), on_delete=models.CASCADE, related_name="retention_rules"
    )
    kind = models.CharField(_("what"), max_length=24, choices=[each for each in Kept.choices if each[0] not in OF_ALL])
    days = models.PositiveIntegerField(
        _("days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Kept for this number of days; empty: forever."),
    )
    updated_at = models.DateTimeField(_("last changed at"), auto_now=True)

    class Meta:
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        ordering = ["company", "kind"]
        constraints = [models.UniqueConstraint("company", "kind", name="retention_rule_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {days_told(self.days)}"


class RetentionRun(models.Model):
    """One walk through everything of a class of data that is over its time, and where it goes on.

    What is too old is judged by the moment of its beginning. Counts and place are written together with what they
    count, so that a walk that was interrupted goes on with neither missing.
    """

    kind = models.CharField(_("what"), max_length=24, choices=Kept.choices)
    company = models.ForeignKey(
        "calls.Company",
        verbose_name=_("company"),
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        help_text=_("Empty: all companies."),
    )
    by = models.CharField(
        _("started by"),
        max_length=150,
        blank=True,
        default="",
        help_text=_("Who ran the command; empty: the schedule."),
    )
    began_at = models.DateTimeField(_("began at"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    shelf = models.PositiveSmallIntegerField(
        _("table"), default=0, editable=False, help_text=_("The table it has come to.")
    )
    place = models.BigIntegerField(
        _("place"), default=0, editable=False, help_text=_("Up to which id that table was read.")
    )

    class Meta:
        verbose_name = _("deletion run")
        verbose_name_plural = _("deletion runs")
        ordering = ["-id"]
        constraints = [
            # Of the schedule's, one for each class: the next night goes on with one that has not ended.
            models.UniqueConstraint("kind", condition=Q(ended_at=None, by=""), name="retention_run_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {date_format(timezone.localtime(self.began_at), 'SHORT_DATE_FORMAT')}"

    @classmethod
    def nightly(cls, kind: str) -> Self:
        """The schedule's walk: the one that has not ended, or a new one."""
        return cls.objects.get_or_create(kind=kind, by="", ended_at=None)[0]

    @property
    def took(self) -> timedelta | None:
        return self.ended_at - self.began_at if self.ended_at else None

    def move(self, shelf: int, place: int) -> bool:
        """Note how far it is, in the transaction of what was done up to there; False when another process was first."""
        here = RetentionRun.objects.filter(pk=self.pk, shelf=self.shelf, place=self.place, ended_at=None)
        if here.update(shelf=shelf, place=place) == 0:
            return False
        self.shelf, self.place = shelf, place
        return True

    def end(self, oldest_at: datetime | None = None) -> None:
        """There is nothing more to read; `oldest_at` is the age of the oldest row that was left.

        What it has counted is added to what all walks of its class have done, once.
        """
        with transaction.atomic():
            if RetentionRun.objects.filter(pk=self.pk, ended_at=None).update(ended_at=timezone.now()):
                RetentionTotal.add(self, oldest_at)
        self.refresh_from_db(fields=["ended_at"])


class RetentionCount(models.Model):
    """What a walk did with the rows of one company."""

    run = models.ForeignKey(RetentionRun, on_delete=models.CASCADE, related_name="counts")
    company = models.ForeignKey("calls.Company", on_delete=models.CASCADE, null=True, related_name="+")
    deleted = models.PositiveIntegerField(default=0, help_text=_("Rows that are gone."))
    blanked = models.PositiveIntegerField(default=0, help_text=_("Rows of which the counts stay."))
    held = models.PositiveIntegerField(default=0, help_text=_("Kept by a legal hold."))
    left = models.PositiveIntegerField(default=0, help_text=_("Not touched, because work on them is pending."))

    class Meta:
        verbose_name = _("count of a deletion run")
        verbose_name_plural = _("counts of deletion runs")
        constraints = [
            models.UniqueConstraint("run", "company", nulls_distinct=False, name="retention_count_once"),
        ]

    def __str__(self) -> str:
        told = _("%(deleted)s deleted, %(blanked)s blanked, %(held)s held, %(left)s left")
        return told % {"deleted": self.deleted, "blanked": self.blanked, "held": self.held, "left": self.left}

    @classmethod
    def add(cls, run: RetentionRun, company_id: int | None, **counts: int) -> None:
        """Add to what was counted."""
        row, _ = cls.objects.get_or_create(run=run, company_id=company_id)
        more: dict[str, Any] = {name: F(name) + count for name, count in counts.items() if count}
        if more:
            cls.objects.filter(pk=row.pk).update(**more)


class RetentionTotal(models.Model):
    """What all walks of a class have done so far, and how the last one through all companies left it.

    The walks' own counts go with them; these only grow.
    """

    kind = models.CharField("what", max_length=24, choices=Kept.choices, unique=True)
    deleted = models.BigIntegerField(default=0)
    blanked = models.BigIntegerField(default=0)
    kept = models.BigIntegerField(default=0, help_text=_("Past their time and still there: held, or work is pending."))
    oldest_at = models.DateTimeField(null=True, help_text=_("Of the oldest row that still holds something."))
    ended_at = models.DateTimeField(null=True, help_text=_("When all of it was last read to the end."))

    class Meta:
        verbose_name = _("total of deletion runs")
        verbose_name_plural = _("totals of deletion runs")

    def __str__(self) -> str:
        told = _("%(what)s: %(deleted)s deleted, %(blanked)s blanked")
        return told % {"what": self.get_kind_display(), "deleted": self.deleted, "blanked": self.blanked}

    @classmethod
    def add(cls, run: RetentionRun, oldest_at: datetime | None) -> None:
        """Add what a walk has counted, in the transaction of its end."""
        names = ("deleted", "blanked", "held", "left")
        counts = run.counts.aggregate(**{name: Sum(name, default=0) for name in names})
        values: dict[str, Any] = {name: F(name) + counts[name] for name in ("deleted", "blanked")}
        if run.company_id is None:
            kept = counts["held"] + counts["left"]
            values |= {"kept": kept, "oldest_at": oldest_at, "ended_at": timezone.now()}
        cls.objects.get_or_create(kind=run.kind)
        cls.objects.filter(kind=run.kind).update(**values)
