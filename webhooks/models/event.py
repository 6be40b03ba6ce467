"""The vendors' events, as they sent them."""

from collections.abc import Iterable
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from askpro.correlation import correlation_id
from askpro.encryption import SealedBinaryField
from askpro.queues import Gone
from webhooks.inbox.reading import FORM, load_form, load_object
from webhooks.models.address import WebhookAddress, objection
from webhooks.models.provider import Provider
from webhooks.models.refused import RefusedWebhook


class WebhookEvent(models.Model):
    """One verified event: the raw bytes, and how far it got. The provider's key is unique per address, so that no
    company can take the key of another company's event.
    """

    class Status(models.TextChoices):
        RECEIVED = "received", _("Waits for its job")
        PROCESSED = "processed", _("Processed")
        IGNORED = "ignored", _("Nothing to do")
        UNASSIGNED = "unassigned", _("No company has this number")
        INVALID = "invalid", _("Content cannot be used")
        CONFLICT = "conflict", _("Same key, other content")
        FAILED = "failed", _("Job gave up")

    # States that a job may work on. FAILED is one, because a dead job that is retried finds its event failed.
    OPEN = (Status.RECEIVED, Status.FAILED)
    # States that a replay takes up without --force.
    UNFINISHED = (Status.FAILED, Status.IGNORED, Status.UNASSIGNED, Status.INVALID)
    # What is left of the body when it is deleted. No event is stored without one, since its signature covers it.
    WITHOUT_BODY: dict[str, Any] = {"body": b"", "headers": {}, "query": ""}
    # States that a replay takes up only with --force.
    FORCED = (Status.PROCESSED, Status.CONFLICT)

    # The reasons of events whose type no code knew when they came in. A later release may know it.
    UNKNOWN = {Provider.RETELL: "Unknown event type.", Provider.CALCOM: "Unknown trigger."}
    # The reason of events that were left undone because their person was erased.
    ERASED = "The person whom it is about was erased."

    provider = models.CharField(_("vendor"), max_length=16, choices=Provider.choices)
    event_type = models.CharField(_("event"), max_length=80)
    event_key = models.CharField(
        _("event key"), max_length=200, help_text=_("By this it is recognised when it is sent again.")
    )
    subject = models.CharField(
        _("concerns"),
        max_length=100,
        blank=True,
        default="",
        help_text=_("Id of the call, booking or message that it is about."),
    )
    status = models.CharField(_("state"), max_length=16, choices=Status.choices, default=Status.RECEIVED)
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")
    company = models.ForeignKey(
        "calls.Company",
        verbose_name=_("company"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="webhook_events",
    )
    address = models.ForeignKey(
        WebhookAddress,
        verbose_name=_("address"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="events",
        editable=False,
        help_text=_("Where it came in; empty: the shared address of companies without their own."),
    )
    body = SealedBinaryField(_("body"), help_text=_("As sent, except for what the caller's opt-out forbids to keep."))
    body_sha256 = models.CharField(_("hash of the body"), max_length=64, help_text=_("Of the bytes as sent."))
    content_type = models.CharField(_("content type"), max_length=100, blank=True, default="")
    headers = models.JSONField(_("headers"), default=dict)
    # With a default in the database, so that the door's own INSERT need not name it.
    fetched = models.BooleanField(
        _("fetched"),
        default=False,
        db_default=False,
        editable=False,
        help_text=_("Its webhook did not arrive: AskPro asked the vendor."),
    )
    query = models.CharField(_("query"), max_length=500, blank=True, default="")
    verified_by = models.CharField(
        _("verified by"), max_length=16, blank=True, default="", help_text=_("Fingerprint of the secret.")
    )
    occurred_at = models.DateTimeField(
        _("happened at"), null=True, blank=True, help_text=_("When it happened, according to the vendor.")
    )
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)
    processed_at = models.DateTimeField(_("processed at"), null=True, blank=True)
    duplicates = models.PositiveIntegerField(_("duplicates"), default=0)
    last_duplicate_at = models.DateTimeField(_("last duplicate"), null=True, blank=True)
    conflict_of = models.ForeignKey(
        "self",
        verbose_name=_("conflicts with"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="conflicts",
        editable=False,
    )
    replays = models.PositiveIntegerField(_("replays"), default=0)
    correlation_id = models.UUIDField(_("correlation id"), default=correlation_id, editable=False)

    class Meta:
        verbose_name = _("webhook event")
        verbose_name_plural = _("webhook events")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                "provider", "event_key", condition=Q(address__isnull=True), name="webhook_event_once"
            ),
            models.UniqueConstraint(
                "address", "event_key", condition=Q(address__isnull=False), name="webhook_event_once_at_address"
            ),
        ]
        indexes = [
            models.Index(fields=["subject"], name="webhook_subject"),
            models.Index(fields=["correlation_id"], name="webhook_correlation"),
            models.Index(fields=["received_at"], condition=Q(status="received"), name="webhook_waiting"),
            models.Index(fields=["provider"], condition=Q(status="unassigned"), name="webhook_unassigned"),
            # Few events are in it, and only such pay for it: the front page tells when a release knows their types.
            models.Index(
                fields=["provider", "event_type"],
                condition=Q(status="ignored", reason__in=["Unknown event type.", "Unknown trigger."]),
                name="webhook_unknown",
            ),
            # Partial, because a new event has neither and should not pay for two more indexes.
            models.Index(fields=["company"], condition=Q(company__isnull=False), name="webhook_company"),
            models.Index(fields=["conflict_of"], condition=Q(conflict_of__isnull=False), name="webhook_conflict"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.event_type} {self.subject}"

    @classmethod
    def take(cls, event_id: int) -> Self | None:
        """Lock the event until the transaction ends; None when it is already done. Raises `Gone`."""
        try:
            event = cls.objects.select_for_update().get(pk=event_id)
        except cls.DoesNotExist as error:
            raise Gone(f"There is no webhook event {event_id}.") from error
        return event if event.status in cls.OPEN else None

    @classmethod
    def about(cls, company_id: int, subjects: Iterable[str]) -> models.QuerySet["WebhookEvent"]:
        """Events about these subjects that belong to this company or, so far, to none.

        The ids of calls, bookings and messages are unique within their company only.
        """
        ours = Q(company=company_id) | Q(company=None)
        return WebhookEvent.objects.filter(ours, subject__in=[*filter(None, subjects)])

    @property
    def payload(self) -> dict[str, Any]:
        """The body as an object; of a form, the first value of each field. Raises `Malformed`."""
        return load_form(bytes(self.body)) if self.content_type == FORM else load_object(bytes(self.body))

    def objection(self, company_id: int) -> str:
        """Why this event must not change rows of this company; empty when it may."""
        return objection(self.provider, self.address, company_id)

    def mark_processed(self, company: models.Model | None = None, reason: str = "") -> bool:
        """Its job is done; False when it was already marked."""
        return self._finish(self.Status.PROCESSED, reason, company=company)

    def mark_ignored(self, reason: str, company: models.Model | None = None) -> bool:
        """There is nothing to do for it."""
        return self._finish(self.Status.IGNORED, reason, company=company)

    def mark_unassigned(self, reason: str) -> bool:
        """Its company is unknown. Replay it once the number or the event type has a company."""
        return self._finish(self.Status.UNASSIGNED, reason)

    def mark_invalid(self, reason: str, company: models.Model | None = None) -> bool:
        """Its content makes no sense. `reason` names the field, never its value."""
        return self._finish(self.Status.INVALID, reason, company=company)

    def refuse(self, objection: str) -> bool:
        """Its secret is not valid for the company that it is about: show it, count it, do nothing."""
        if not self.mark_invalid(objection):
            return False
        RefusedWebhook.count_more(self.provider, RefusedWebhook.Reason.OTHER_TENANT)
        return True

    def delete_body(self) -> None:
        """Delete what the vendor said. The key stays, by which the event is known when it is sent again."""
        self._move(self.Status.values, **self.WITHOUT_BODY)

    @property
    def has_body(self) -> bool:
        """False once its body was deleted: it can be worked on no more."""
        return bool(self.body)

    def mark_failed(self, reason: str) -> bool:
        """Its job is dead. A retry of that job, or a replay, works on the event again."""
        return self._move((self.Status.RECEIVED,), status=self.Status.FAILED, reason=reason[:300])

    def mark_replayed(self, force: bool = False) -> bool:
        """Let it wait for its job again; False if it is not in a state for that."""
        allowed = [*self.UNFINISHED, *(self.FORCED if force else ())]
        again = {"status": self.Status.RECEIVED, "reason": "", "processed_at": None}
        return self._move(allowed, **again, replays=F("replays") + 1)

    def _finish(self, status: Status, reason: str = "", company: models.Model | None = None) -> bool:
        values: dict[str, Any] = {"status": status, "reason": reason[:300], "processed_at": timezone.now()}
        return self._move(self.OPEN, **values, **({"company": company} if company else {}))

    def _move(self, expected: Any, **values: Any) -> bool:
        if WebhookEvent.objects.filter(pk=self.pk, status__in=expected).update(**values) == 0:
            return False
        self.refresh_from_db(fields=list(values))
        return True
