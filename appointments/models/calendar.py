"""What is known about the bookings at Cal.com, and how far they were read."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models.appointment import Appointment
from calls.models import Company


class CalcomUid(models.Model):
    """Every booking uid a company was ever told of. Facts are only added, so the order of events does not matter.

    A uid lives once at Cal.com: after its end, or after a reschedule replaced it, it never comes back. If its end is
    reported first, the row stays as a tombstone, and the creation that arrives later finds it. In a booking with seats
    each attendee may leave and come back: there the newest event about each counts.

    Each company has its own rows: what one company is told about a uid does not concern the others.
    """

    company = models.ForeignKey(
        Company, verbose_name=_("company"), on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    uid = models.CharField(_("uid"), max_length=64)
    appointment = models.ForeignKey(
        Appointment,
        verbose_name=_("appointment"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="calcom_uids",
    )
    ended_at = models.DateTimeField(
        _("ended at"), null=True, blank=True, help_text=_("Event time of its cancellation or rejection.")
    )
    seats = models.JSONField(
        _("seats"),
        default=dict,
        blank=True,
        editable=False,
        help_text=_("The newest word on attendees, by hash: when, and whether the seat was taken then."),
    )
    end_reason = models.CharField(_("reason of the end"), max_length=300, blank=True, default="")
    replaced_by = models.CharField(
        _("replaced by"), max_length=64, blank=True, default="", help_text=_("The uid after it was moved.")
    )
    surplus_since = models.DateTimeField(
        _("surplus since"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Not wanted since then: to be cancelled there."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    @classmethod
    def with_uids(cls, appointments: models.QuerySet[Appointment]) -> models.QuerySet[Any]:
        """Appointments with `uids`: those of all bookings that they ever had."""
        uids = cls.objects.filter(appointment=models.OuterRef("pk")).values("uid")
        return appointments.annotate(uids=ArraySubquery(uids))

    class Meta:
        verbose_name = _("Cal.com booking")
        verbose_name_plural = _("Cal.com bookings")
        constraints = [models.UniqueConstraint("uid", "company", name="calcom_uid_of_company")]
        indexes = [
            models.Index(
                fields=["surplus_since"],
                condition=Q(surplus_since__isnull=False, ended_at__isnull=True),
                name="calcom_uid_surplus",
            )
        ]

    def __str__(self) -> str:
        # With a uid anyone can cancel a booking without a log-in: it is a secret, and never printed whole.
        return f"{self.uid[:4]}…"

    @classmethod
    def lock(cls, company_id: int, *uids: str) -> dict[str, Self]:
        """The company's rows of these uids, created if missing, locked in a fixed order until the transaction ends."""
        names = sorted({uid for uid in uids if uid})
        cls.objects.bulk_create([cls(company_id=company_id, uid=uid) for uid in names], ignore_conflicts=True)
        rows = cls.objects.select_for_update().filter(company_id=company_id, uid__in=names).order_by("uid")
        return {row.uid: row for row in rows}

    def end(self, at: datetime, reason: str = "") -> bool:
        """Note that the booking was cancelled or rejected; False if that was known."""
        ended = CalcomUid.objects.filter(pk=self.pk, ended_at=None).update(ended_at=at, end_reason=reason[:300])
        if ended:
            self.ended_at, self.end_reason = at, reason[:300]
        return ended == 1

    def note_seats(self, at: datetime, marks: Iterable[str], *, taken: bool) -> None:
        """Note who took a seat of a booking with seats, or gave one back, at this moment."""
        word = [at.isoformat(), taken]
        news = {mark: word for mark in marks if _is_newer(word, self.seats.get(mark))}
        self.seats = self.seats | news
        values: dict[str, Any] = {"seats": self.seats}
        if taken and news and self.ended_at is not None and at > self.ended_at:
            self.ended_at = values["ended_at"] = None
        CalcomUid.objects.filter(pk=self.pk).update(**values)

    def has_ended_for(self, marks: Iterable[str]) -> bool:
        """Whether it has ended, for all or for the attendee who is known by these hashes."""
        known = [*marks]
        words = [self.seats[mark] for mark in known if mark in self.seats]
        if self.ended_at is not None and (words or not known or not self.seats):
            return True
        newest = max(words, key=lambda word: (word[0], not word[1]), default=None)
        return newest is not None and not newest[1]

    def replace(self, uid: str) -> bool:
        """Note that a reschedule replaced it by `uid`; False if that was known."""
        replaced = CalcomUid.objects.filter(pk=self.pk, replaced_by="").update(replaced_by=uid)
        if replaced:
            self.replaced_by = uid
        return replaced == 1

    def note_surplus(self) -> bool:
        """Note that it is surplus; False if that was known, or if it has ended."""
        rows = CalcomUid.objects.filter(pk=self.pk, surplus_since=None, ended_at=None)
        return rows.update(surplus_since=timezone.now()) == 1

    def keep(self) -> None:
        """It is wanted after all."""
        CalcomUid.objects.filter(pk=self.pk).update(surplus_since=None)
        self.surplus_since = None

    def belong_to(self, appointment: Appointment) -> None:
        if self.appointment_id is None:
            self.appointment = appointment
            CalcomUid.objects.filter(pk=self.pk, appointment=None).update(appointment=appointment)


class SyncPoint(models.Model):
    """How far one part of a company's data was read from Cal.com: the next sync continues from here."""

    class Part(models.TextChoices):
        EVENT_TYPES = "event_types", _("Event types")
        BOOKINGS = "bookings", _("Bookings")

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="sync_points")
    part = models.CharField(max_length=16, choices=Part.choices)
    read_until = models.DateTimeField(null=True, blank=True, help_text=_("Changes up to here are mirrored."))
    finished_at = models.DateTimeField(null=True, blank=True)
    began_at = models.DateTimeField(null=True, blank=True, editable=False, help_text=_("When the first reading began."))
    ahead_from = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("How far the first reading has come.")
    )

    class Meta:
        verbose_name = _("comparison with Cal.com")
        verbose_name_plural = _("comparisons with Cal.com")
        ordering = ["company", "part"]
        constraints = [models.UniqueConstraint("company", "part", name="sync_point_per_part")]

    def __str__(self) -> str:
        return f"{self.company.name}: {self.get_part_display()}"

    def note(self, **values: datetime | None) -> None:
        """Note how far a reading has come; values that are not given stay as they are."""
        if told := {name: value for name, value in values.items() if value is not None}:
            SyncPoint.objects.filter(pk=self.pk).update(**told)


def _is_newer(word: list[Any], than: list[Any] | None) -> bool:
    """If two events have the same moment, the end counts as the newer one."""
    return than is None or (word[0], not word[1]) > (than[0], not than[1])
