"""Every message to a customer or to staff, one row each."""

import uuid
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db import models, transaction
from django.db.models import F, Q
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models import Appointment, FollowUp, Offer
from askpro.encryption import SealedTextField
from askpro.language.sentences import Facts, tell
from calls.models import Call, Company, Customer
from calls.models.company import Language
from notifications.gsm import gsm_segments, is_gsm
from notifications.models.report import Report
from notifications.twilio.errors import Reaction
from notifications.why import Why

# Sent for each `notification` to a customer that reaches a final state, in the same transaction.
ended = Signal()


def because(why: Why | Reaction | None, facts: Facts | None = None) -> dict[str, Any]:
    """The values of the columns of a reason; empty ones for None."""
    return {"reason": why or "", "reason_facts": why.checked(facts) if why else {}}


def about_one(*subjects: str) -> Q:
    """Exactly one of these foreign keys is set."""
    alone = [Q(**{f"{other}__isnull": other != subject for other in subjects}) for subject in subjects]
    return reduce(or_, alone)


class Notification(models.Model):
    """One message about one version of an appointment, one follow-up, one offer of a freed time, or one report.

    Written before it is sent, so that it is sent once.
    """

    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation", _("Confirmation")
        REQUESTED = "requested", _("Waits for the host's yes")
        RESCHEDULED = "rescheduled", _("Time changed")
        STAFF_CHANGED = "staff_changed", _("Somebody else holds it")
        CANCELLATION = "cancellation", _("Cancellation")
        REMINDER = "reminder", _("Reminder")
        LAST_REMINDER = "last_reminder", _("Last reminder")
        CANCEL_QUESTION = "cancel_question", _("Asks whether really to cancel")
        CALLBACK = "callback", _("A person calls back")
        OFFER = "offer", _("Offers a freed time")
        OFFER_GONE = "offer_gone", _("The offer holds no longer")
        STAFF = "staff", _("To staff")
        REPORT = "report", _("Report")

    class Channel(models.TextChoices):
        SMS = "sms", "SMS"
        EMAIL = "email", _("E-mail")

    class Status(models.TextChoices):
        PENDING = "pending", _("Waits to be sent")
        SENDING = "sending", _("Being sent")
        UNKNOWN = "unknown", _("May have been sent: look first")
        SENT = "sent", _("Accepted by the provider")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")
        SKIPPED = "skipped", _("Not sent on purpose")

    TO_STAFF = (Kind.STAFF, Kind.REPORT)
    REMINDERS = (Kind.REMINDER, Kind.LAST_REMINDER)

    class Encoding(models.TextChoices):
        GSM = "gsm", "GSM-7"
        UCS2 = "ucs2", "UCS-2"

    UNSENT = (Status.PENDING, Status.SENDING, Status.UNKNOWN)
    IN_FLIGHT = (Status.SENDING, Status.UNKNOWN)
    # The provider has taken or refused it.
    ANSWERED = (Status.SENT, Status.DELIVERED, Status.FAILED)
    # It was handed over, or may have been.
    HANDED_OVER = (*IN_FLIGHT, *ANSWERED)
    REACHES_NOBODY = (Status.FAILED, Status.SKIPPED)
    # A mail server cannot be asked, so a second mail is the last; an SMS is looked for at Twilio before each try.
    MOST_REOPENED = {"email": 1, "sms": 4}

    company = models.ForeignKey(
        Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="notifications"
    )
    appointment = models.ForeignKey(
        Appointment,
        verbose_name=_("appointment"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notifications",
    )
    follow_up = models.ForeignKey(
        FollowUp,
        verbose_name=_("follow-up"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notifications",
    )
    offer = models.ForeignKey(
        Offer,
        verbose_name=_("offer"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notifications",
        db_index=False,
    )
    owner_report = models.ForeignKey(
        Report,
        verbose_name=_("report"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notifications",
        db_index=False,
    )
    call = models.ForeignKey(
        Call, verbose_name=_("call"), on_delete=models.SET_NULL, null=True, blank=True, related_name="notifications"
    )
    customer = models.ForeignKey(
        Customer,
        verbose_name=_("customer"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="notifications",
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    version = models.PositiveIntegerField(
        _("version"),
        default=1,
        help_text=_("The version of the appointment that it tells of; for a follow-up, 1 is its opening."),
    )
    status = models.CharField(_("state"), max_length=16, choices=Status.choices, default=Status.PENDING)
    reason = models.CharField(
        _("reason"),
        max_length=40,
        blank=True,
        default="",
        help_text=_("Why it failed, waits or is not sent, as a code."),
    )
    reason_facts = models.JSONField(_("facts of the reason"), default=dict, blank=True, editable=False)
    recipient = models.CharField(_("recipient"), max_length=254, blank=True, default="")
    sender = models.CharField(
        _("sender"), max_length=64, blank=True, default="", help_text=_("Number or messaging service it was sent from.")
    )
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, default=Language.GERMAN)
    text = SealedTextField(_("text"), blank=True, default="", help_text=_("As sent."))
    reference = models.UUIDField(_("reference"), default=uuid.uuid4, unique=True, editable=False)
    provider_id = models.CharField(_("id at the provider"), max_length=64, null=True, blank=True, unique=True)
    earlier_provider_id = models.CharField(
        _("earlier id at the provider"),
        max_length=64,
        blank=True,
        default="",
        editable=False,
        help_text=_("The id of an earlier send that did not arrive."),
    )
    provider_status = models.CharField(_("state at the provider"), max_length=24, blank=True, default="")
    error_code = models.CharField(_("error code"), max_length=16, blank=True, default="")
    encoding = models.CharField(
        _("encoding"), max_length=8, choices=Encoding.choices, blank=True, default="", editable=False
    )
    segments = models.PositiveSmallIntegerField(
        _("SMS charged"),
        null=True,
        blank=True,
        help_text=_("How many SMS it is charged as: first counted here, then by Twilio."),
    )
    price = models.DecimalField(
        _("price"),
        max_digits=10,
        decimal_places=5,
        null=True,
        blank=True,
        help_text=_("What Twilio charged for the whole message."),
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True, default="", help_text=_("Of the price."))
    attempts = models.PositiveIntegerField(
        _("attempts"), default=0, help_text=_("Times it was handed to the provider.")
    )
    resends = models.PositiveSmallIntegerField(
        _("times sent again"), default=0, help_text=_("Times it was sent again because it had been lost.")
    )
    reopened = models.PositiveSmallIntegerField(
        _("times tried again"),
        default=0,
        editable=False,
        help_text=_("Times it was tried again although it might have been sent."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    sending_at = models.DateTimeField(_("sending since"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    polled_at = models.DateTimeField(_("last asked for at"), null=True, blank=True, editable=False)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                "appointment",
                "version",
                "kind",
                "channel",
                # Whoever writes ABSAGE again is asked again.
                condition=Q(appointment__isnull=False) & ~Q(kind="cancel_question"),
                name="notification_once_per_version",
            ),
            models.UniqueConstraint(
                "follow_up",
                "version",
                "kind",
                "channel",
                condition=Q(follow_up__isnull=False),
                name="notification_once_per_word_on_follow_up",
            ),
            models.UniqueConstraint(
                "offer", "kind", "channel", condition=Q(offer__isnull=False), name="notification_once_per_offer"
            ),
            models.UniqueConstraint(
                "owner_report",
                "recipient",
                condition=Q(owner_report__isnull=False),
                name="notification_once_per_reader",
            ),
            models.CheckConstraint(
                condition=about_one("appointment", "follow_up", "offer", "owner_report"),
                name="notification_is_about_one",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(status__in=["pending", "sending", "unknown"]),
                name="notification_unsent",
            ),
            models.Index(fields=["sent_at"], condition=Q(status="sent", channel="sms"), name="notification_unreported"),
            models.Index(
                fields=["sent_at"],
                condition=Q(channel="sms", price__isnull=True, status__in=["delivered", "failed"]),
                name="notification_unpriced",
            ),
            models.Index(fields=["recipient", "-id"], name="notification_recipient"),
            models.Index(fields=["company", "created_at"], name="notification_of_company"),
            models.Index(fields=["created_at"], name="notification_created"),
            models.Index(fields=["created_at"], condition=Q(status="failed"), name="notification_failed"),
        ]

    def __str__(self) -> str:
        return _("%(kind)s by %(channel)s") % {"kind": self.get_kind_display(), "channel": self.get_channel_display()}

    def why(self, language: str = "") -> str:
        """Why it failed, waits or is not sent, in the company's language or another; empty when all is well."""
        return tell(self.reason, self.reason_facts, language or self.company.language, Why, Reaction)

    @classmethod
    def hold_appointment(cls, **key: Any) -> None:
        """Lock the appointment of the message that `key` names, if there is one, until the transaction ends.

        Code that locks both locks the appointment first: a change of an appointment writes its messages afterwards.
        """
        about = cls.objects.filter(**key).values("appointment_id")
        Appointment.objects.select_for_update(no_key=True).filter(pk__in=about).values_list("pk").first()

    def claim(self, *, text: str, sender: str = "") -> bool:
        """Claim a pending message to hand it to the provider now; False if another run was first."""
        return self._move(
            Q(status=self.Status.PENDING),
            status=self.Status.SENDING,
            attempts=F("attempts") + 1,
            sending_at=timezone.now(),
            text=text,
            sender=sender,
            **self._size(text),
            **because(None),
        )

    def give_back(self, why: Why | Reaction, facts: Facts | None = None) -> bool:
        """The provider did not take it: it waits again."""
        return self._move(self._this_attempt(), status=self.Status.PENDING, **because(why, facts))

    def mark_unknown(self, why: Why) -> bool:
        """The provider may have taken it: the next attempt looks before it sends."""
        return self._move(self._this_attempt(), status=self.Status.UNKNOWN, **because(why))

    def mark_sent(self, provider_id: str | None = None, provider_status: str = "") -> bool:
        """The provider has it. Also true after the attempt was given up: what was sent was sent."""
        return self._move(
            Q(status__in=self.UNSENT),
            status=self.Status.SENT,
            provider_id=provider_id,
            provider_status=provider_status[:24],
            sent_at=timezone.now(),
            **because(None),
            error_code="",
        )

    def mark_failed(self, why: Why | Reaction, facts: Facts | None = None, *, error_code: str = "") -> bool:
        """It will not be sent."""
        return self._move(
            self._this_attempt() | Q(status=self.Status.PENDING),
            status=self.Status.FAILED,
            **because(why, facts),
            error_code=error_code,
        )

    def reopen(self) -> bool:
        """Let a message wait again that may have been sent, or was looked for and not found; a few times only.

        A retry of its job or the sweeper may send it again, but an unclear answer of the provider must not send a
        customer the same message over and over: after the last time it has failed. False if it does not wait again.
        """
        waits = self._move(
            self._this_attempt() & Q(reopened__lt=self.MOST_REOPENED[self.channel]),
            status=self.Status.PENDING,
            reopened=F("reopened") + 1,
        )
        if not waits:
            self.mark_failed(Why.STAYS_UNKNOWN)
        return waits

    def wait_again(self) -> bool:
        """Let one that failed wait to be sent once more; what the provider still says is about the send before."""
        return self._move(
            Q(status=self.Status.FAILED),
            status=self.Status.PENDING,
            earlier_provider_id=self.provider_id or self.earlier_provider_id,
            provider_id=None,
            provider_status="",
            sent_at=None,
            resends=F("resends") + 1,
            error_code="",
            **because(None),
        )

    def skip(self, why: Why, facts: Facts | None = None) -> bool:
        """Leave it unsent on purpose."""
        return self._move(Q(status=self.Status.PENDING), status=self.Status.SKIPPED, **because(why, facts))

    def wait(self, why: Why, facts: Facts | None = None) -> bool:
        """Say why a pending one waits."""
        return self._move(Q(status=self.Status.PENDING), **because(why, facts))

    def note_charge(self, segments: int | None, price: Decimal | None, currency: str) -> bool:
        """Write what the provider counts and charges, as far as it says so yet."""
        values: dict[str, Any] = {"segments": segments} if segments else {}
        if price is not None:
            values |= {"price": price, "currency": currency}
        return bool(values) and self._move(Q(), **values)

    def report(self, **values: Any) -> bool:
        """Write what the provider reported later; the caller holds the row's lock."""
        return self._move(Q(), **values)

    @property
    def may_be_sent_already(self) -> bool:
        return self.status in self.IN_FLIGHT

    @property
    def is_over(self) -> bool:
        return self.status not in self.UNSENT

    def _size(self, text: str) -> dict[str, Any]:
        if self.channel != self.Channel.SMS:
            return {}
        encoding = self.Encoding.GSM if is_gsm(text) else self.Encoding.UCS2
        return {"encoding": encoding, "segments": gsm_segments(text), "price": None, "currency": ""}

    def _this_attempt(self) -> Q:
        # A worker that was declared dead must not judge the attempt of its successor.
        return Q(status__in=self.IN_FLIGHT, attempts=self.attempts)

    def _move(self, expected: Q, **values: Any) -> bool:
        is_judged = values.get("status") not in (None, *self.UNSENT) and self.kind not in self.TO_STAFF
        with transaction.atomic():
            if is_judged:
                self.hold_appointment(pk=self.pk)
            if Notification.objects.filter(expected, pk=self.pk).update(**values) == 0:
                return False
            if is_judged:
                ended.send(Notification, notification=self)
        self.refresh_from_db(fields=[*values])
        return True
