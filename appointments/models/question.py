"""Questions to customers by SMS, which JA, NEIN or ABSAGE answer."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, Optional

from django.db import connection, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models.appointment import Appointment
from calls.models import Company, Customer

# So long after its end a question is still what a late answer means.
LATE_FOR: Final = timedelta(days=2)


class Question(models.Model):
    """One question to one number, sent from one sender. An answer names no question: it means the newest open one.

    A question of one kind is never open beside one of another kind that the same word would answer (`ask`).
    """

    class Kind(models.TextChoices):
        REMINDER = "reminder", _("Will you come?")
        OFFER = "offer", _("Do you want the freed time?")
        CANCEL = "cancel", _("Really cancel it?")

    class State(models.TextChoices):
        OPEN = "open", _("Waits for an answer")
        ANSWERED = "answered", _("Answered")
        EXPIRED = "expired", _("Not answered in time")
        WITHDRAWN = "withdrawn", _("No longer asked")

    class Answer(models.TextChoices):
        YES = "yes", _("Yes")
        NO = "no", _("No")
        CANCEL = "cancel", _("Cancel it")

    company = models.ForeignKey(Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="questions")
    customer = models.ForeignKey(
        Customer, verbose_name=_("customer"), on_delete=models.SET_NULL, null=True, blank=True, related_name="questions"
    )
    appointment = models.ForeignKey(
        Appointment,
        verbose_name=_("appointment"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="questions",
    )
    notification = models.ForeignKey(
        "notifications.Notification",
        verbose_name=_("message"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="questions",
    )
    number = models.CharField(_("number"), max_length=32, help_text=_("Who was asked, in E.164 form."))
    sender = models.CharField(
        _("sender"), max_length=64, help_text=_("The number or messaging service that gets the answer.")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.OPEN)
    answer = models.CharField(_("answer"), max_length=8, choices=Answer.choices, blank=True, default="")
    asked_at = models.DateTimeField(_("asked at"))
    ends_at = models.DateTimeField(_("ends"), help_text=_("From then on no answer counts."))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("question to a customer")
        verbose_name_plural = _("questions to customers")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                "appointment",
                "kind",
                condition=Q(state="open", appointment__isnull=False),
                name="question_open_once",
            ),
            models.CheckConstraint(
                condition=Q(state="answered") & ~Q(answer="") | ~Q(state="answered") & Q(answer=""),
                name="question_answered_has_answer",
            ),
        ]
        indexes = [
            models.Index(fields=["number", "-id"], name="question_number"),
            models.Index(fields=["ends_at"], condition=Q(state="open"), name="question_open"),
        ]

    def __str__(self) -> str:
        return _("Question %(id)s") % {"id": self.pk}

    @classmethod
    def ask(cls, *, number: str, sender: str, kind: "Question.Kind", **values: Any) -> Optional["Question"]:
        """Open a question in the caller's transaction; None while an open one forbids it.

        Nothing may be offered or reminded of with a question while one of another kind is open, because JA would answer
        both; nor may two times be offered at once. Whoever wrote ABSAGE is always asked back. A question of this kind
        about the same appointment is replaced.
        """
        with transaction.atomic():
            _lock(number)
            others = _open(number, [sender])
            if kind != cls.Kind.OFFER:
                others = others.exclude(kind=kind)
            if kind != cls.Kind.CANCEL and others.exists():
                return None
            if appointment := values.get("appointment"):
                cls.withdraw(appointment=appointment, kind=kind)
            values = {"asked_at": timezone.now()} | values
            return cls.objects.create(number=number, sender=sender, kind=kind, **values)

    @classmethod
    def open_for(cls, number: str, *senders: str) -> Optional["Question"]:
        """The newest question to this number, from one of these senders, that can still be answered."""
        return _open(number, senders).order_by("-id").first()

    @classmethod
    def meant(cls, number: str, senders: Iterable[str], companies: Iterable[Company]) -> Optional["Question"]:
        """What an answer from this number means: the newest open question, else the newest that ended lately."""
        asked = cls.objects.filter(number=number, sender__in=[*senders], company__in=[*companies])
        related = asked.select_related("appointment__branch__company", "appointment__company", "company", "customer")
        newest = related.order_by("-id")
        now = timezone.now()
        can_answer = newest.filter(state=cls.State.OPEN, ends_at__gt=now).first()
        return can_answer or newest.filter(ends_at__gt=now - LATE_FOR).first()

    @classmethod
    def withdraw(cls, **of: Any) -> int:
        """No longer ask the open questions that these values name; returns how many."""
        rows = cls.objects.filter(state=cls.State.OPEN, **of)
        return rows.update(state=cls.State.WITHDRAWN, ended_at=timezone.now())

    @classmethod
    def expire(cls, now: datetime) -> int:
        """End the questions that nobody answered by `now`; returns how many."""
        rows = cls.objects.filter(state=cls.State.OPEN, ends_at__lte=now)
        return rows.update(state=cls.State.EXPIRED, ended_at=now)

    @property
    def is_open(self) -> bool:
        """Whether an answer still counts."""
        return self.state == self.State.OPEN and self.ends_at > timezone.now()

    def take(self, answer: "Question.Answer") -> bool:
        """Note the answer; False if it was answered or withdrawn before, or its time is over."""
        now = timezone.now()
        rows = Question.objects.filter(pk=self.pk, state=self.State.OPEN, ends_at__gt=now)
        if rows.update(state=self.State.ANSWERED, answer=answer, ended_at=now) == 0:
            return False
        self.refresh_from_db(fields=["state", "answer", "ended_at"])
        return True


def _open(number: str, senders: Iterable[str]) -> "models.QuerySet[Question]":
    rows = Question.objects.filter(number=number, sender__in=[*senders], state=Question.State.OPEN)
    return rows.filter(ends_at__gt=timezone.now())


def _lock(number: str) -> None:
    # Two questions that are asked at the same time must each see the other.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"question:{number}"])
