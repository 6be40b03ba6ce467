"""One phone call, as Retell reports it."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from askpro.correlation import correlation_id
from askpro.encryption import SealedJSONField, SealedTextField
from askpro.language.sentences import Facts, tell
from calls.models.company import Branch, Company, PhoneNumber
from calls.models.customer import Customer
from calls.models.review import Review
from calls.retell.disconnection import CALL_BACK, DO_NOT_CALL, NO_TALK, Disconnection, classify
from calls.retell.event import Transfer
from calls.retell.storage import Storage
from calls.wishes.field_names import Source, folded_name
from calls.wishes.sources import spoken
from calls.wishes.told import ToolCall

# What `variables` holds besides each source's values: the session's variables as they were when the call began, …
SESSION: Final = "session"
# … the tools that the agent used, how far the caller was put through, and what may be stored.
TOOLS: Final = "tools"
TRANSFER: Final = "transfer"
STORAGE: Final = "storage"


def forgotten_id(retell_call_id: str) -> str:
    """What stands for the id of a call that is kept for its counts only. Ids are random: nobody finds one by trying."""
    return f"gone:{hashlib.sha256(retell_call_id.encode('utf-8', 'surrogatepass')).hexdigest()[:59]}"


class Call(models.Model):
    """A call that Retell held. Its status only moves forward, in whichever order the events arrive."""

    class Status(models.TextChoices):
        ONGOING = "ongoing", _("Ongoing")
        ENDED = "ended", _("Ended")
        ANALYZED = "analyzed", _("Analyzed")
        LOST = "lost", _("Lost")

    class Outcome(models.TextChoices):
        """The outcome of the call, by our own rows; Retell's opinion stays in `analysis`."""

        PENDING = "pending", _("Being worked on")
        NO_REQUEST = "no_request", _("No appointment asked for")
        BOOKED = "booked", _("Booked")
        CHANGED = "changed", _("An appointment was cancelled or moved")
        FOLLOW_UP = "follow_up", _("A person follows up")
        NOT_CONNECTED = "not_connected", _("Not connected")

    RANK = {Status.ONGOING: 0, Status.LOST: 1, Status.ENDED: 2, Status.ANALYZED: 3}

    company = models.ForeignKey(Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="calls")
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, related_name="calls")
    phone_number = models.ForeignKey(
        PhoneNumber, verbose_name=_("phone number"), on_delete=models.PROTECT, related_name="calls"
    )
    customer = models.ForeignKey(
        Customer, verbose_name=_("customer"), on_delete=models.SET_NULL, null=True, blank=True, related_name="calls"
    )
    retell_call_id = models.CharField(_("call id"), max_length=64)
    agent_id = models.CharField(_("agent"), max_length=64, blank=True, default="")
    direction = models.CharField(_("direction"), max_length=16, blank=True, default="")
    from_number = models.CharField(_("caller's number"), max_length=32, blank=True, default="")
    to_number = models.CharField(_("number called"), max_length=32, blank=True, default="")
    status = models.CharField(_("state"), max_length=16, choices=Status.choices, default=Status.ONGOING)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome.choices, default=Outcome.PENDING)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    duration_ms = models.PositiveBigIntegerField(_("duration in milliseconds"), null=True, blank=True)
    disconnection_reason = models.CharField(_("how it ended"), max_length=64, blank=True, default="")
    transcript = SealedTextField(_("transcript"), blank=True, default="")
    recording_url = SealedTextField(_("recording"), blank=True, default="")
    summary = SealedTextField(_("summary"), blank=True, default="")
    cost_usd = models.DecimalField(_("cost in US dollars"), max_digits=10, decimal_places=4, null=True, blank=True)
    variables = SealedJSONField(
        _("collected by the agent"), default=dict, blank=True, help_text=_("What the agent collected, per source.")
    )
    analysis = SealedJSONField(
        _("Retell's analysis"), default=dict, blank=True, help_text=_("Retell's own opinion of the call.")
    )
    problems = models.JSONField(_("problems"), default=list, blank=True, help_text=_("Fields that could not be read."))
    needs_review = models.BooleanField(_("needs a look"), default=False)
    review_reasons = models.JSONField(
        _("why to look"), default=list, blank=True, help_text=_("Codes of the reasons with their facts.")
    )
    end_heard_at = models.DateTimeField(
        _("end reported at"), null=True, blank=True, help_text=_("When its end was first reported.")
    )
    extracted_at = models.DateTimeField(
        _("request read at"), null=True, blank=True, help_text=_("When the caller's request was finally read.")
    )
    correlation_id = models.UUIDField(_("correlation id"), default=correlation_id, editable=False)
    erased_at = models.DateTimeField(
        _("erased at"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Since then nothing is written to it any more."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last changed at"), auto_now=True)

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        ordering = ["-id"]
        # Unique per company, so that no company can block the id of another company's call.
        constraints = [models.UniqueConstraint("retell_call_id", "company", name="call_once_per_company")]
        indexes = [
            models.Index(fields=["company", "-started_at"], name="call_by_company"),
            models.Index(fields=["from_number"], name="call_from_number"),
            # Whom a company has called; who calls it dials its `phone_number`.
            models.Index(fields=["to_number"], condition=Q(direction="outbound"), name="call_to_number"),
            models.Index(fields=["created_at"], name="call_created"),
            models.Index(fields=["correlation_id"], name="call_correlation"),
            models.Index(fields=["retell_call_id"], opclasses=["varchar_pattern_ops"], name="call_id_start"),
            # Ended, and not read yet; whether it is open what comes of it, or its agent's functions have settled that.
            models.Index(
                fields=["updated_at"],
                condition=Q(
                    extracted_at=None,
                    end_heard_at__isnull=False,
                    outcome__in=("pending", "booked", "changed", "follow_up"),
                ),
                name="call_unread",
            ),
            models.Index(fields=["created_at"], condition=Q(status="ongoing"), name="call_ongoing"),
        ]

    def __str__(self) -> str:
        return self.retell_call_id

    @classmethod
    def known_by(cls, retell_call_id: str) -> Q:
        """The condition of being this call of Retell's, also for a row that has forgotten the id."""
        return Q(retell_call_id__in=(retell_call_id, forgotten_id(retell_call_id)))

    @classmethod
    def is_erased(cls, company_id: int, retell_call_id: str) -> bool:
        """Whether the company's data of this call was deleted, so that it must not come back."""
        return cls.objects.filter(cls.known_by(retell_call_id), company=company_id, erased_at__isnull=False).exists()

    def advance(self, status: "Call.Status", **fields: object) -> bool:
        """Move to `status` and write `fields`; False if the call is already there or further."""
        lower = [name for name, rank in self.RANK.items() if rank < self.RANK[status]]
        moved = Call.objects.filter(pk=self.pk, status__in=lower).update(status=status, **fields)
        return moved == 1

    def lose(self) -> bool:
        """Nobody knows how it ended: a person follows up; False if its end was heard of, or it was lost, before."""
        outcome = Case(
            When(outcome=self.Outcome.PENDING, then=Value(self.Outcome.FOLLOW_UP.value)), default=F("outcome")
        )
        rows = Call.objects.filter(pk=self.pk, status=self.Status.ONGOING)
        return rows.update(status=self.Status.LOST, outcome=outcome, updated_at=timezone.now()) == 1

    def settle_outcome(self, outcome: "Call.Outcome") -> bool:
        """Write the outcome of the call; a booking is never overwritten by a lesser outcome."""
        return Call.objects.filter(pk=self.pk).exclude(outcome=Call.Outcome.BOOKED).update(outcome=outcome) == 1

    def ask_for_look(self, why: Review, facts: Facts | None = None) -> None:
        """Add a reason for a person to look at the call; does not save it."""
        others = [reason for reason in self.review_reasons if reason["code"] != why]
        self.needs_review, self.review_reasons = True, [*others, {"code": why, "facts": why.checked(facts)}]

    def review_told(self, language: str = "") -> str:
        """Why a person should look at it, in the company's language or another."""
        language = language or self.company.language
        return " ".join(tell(reason["code"], reason["facts"], language, Review) for reason in self.review_reasons)

    def said(self, name: str) -> str:
        """What the agent collected from the caller under this name, of whatever type, as a text.

        Empty if nothing was, or if the caller's words may not be passed on.
        """
        wanted = folded_name(name)
        told = [pair for values in spoken(self).values() for pair in values.items()] if self.may_be_quoted else []
        heard = [value for key, value in told if folded_name(key) == wanted and isinstance(value, str | int | float)]
        return next((text for value in heard if (text := str(value).strip())), "")

    @property
    def said_at(self) -> datetime:
        """The moment that "morgen" refers to: the call's start, or when we first heard of it."""
        return self.started_at or self.created_at

    # The protocol that its wishes are read from, `calls.wishes.told.Told`.

    @property
    def disconnection(self) -> Disconnection | None:
        """None while the call lasts."""
        return classify(self.disconnection_reason) if self.disconnection_reason else None

    @property
    def nobody_talked(self) -> bool:
        return self.analysis.get("in_voicemail") is True or self.disconnection in NO_TALK

    @property
    def wants_callback(self) -> bool:
        return self.disconnection_reason == CALL_BACK

    @property
    def wants_no_calls(self) -> bool:
        return self.disconnection_reason == DO_NOT_CALL

    @property
    def transferred(self) -> bool:
        return Transfer(self.variables.get(TRANSFER, "")).may_have_talked

    @property
    def may_be_quoted(self) -> bool:
        """Whether the caller's own words may be stored, and shown to others."""
        return self.variables.get(STORAGE, Storage.EVERYTHING) == Storage.EVERYTHING

    @property
    def session(self) -> Mapping[str, object]:
        return self.variables.get(SESSION, {})

    @property
    def dynamic_variables(self) -> Mapping[str, object]:
        return self.variables.get(Source.DYNAMIC, {})

    @property
    def collected_variables(self) -> Mapping[str, object]:
        return self.variables.get(Source.COLLECTED, {})

    @property
    def custom_analysis(self) -> Mapping[str, object]:
        return self.variables.get(Source.ANALYSIS, {})

    @property
    def underscored(self) -> Mapping[str, object]:
        return self.variables.get(Source.UNDERSCORED, {})

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        return tuple(ToolCall(tool["name"], tool["successful"]) for tool in self.variables.get(TOOLS, []))
