"""Who calls."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from calls.models.company import Company, Language, e164


class Customer(models.Model):
    """A person known to one company, found again by phone number; an anonymous caller is a new one each time."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="customers")
    name = models.CharField(max_length=200, blank=True, default="")
    phone = models.CharField(max_length=16, null=True, blank=True, validators=[e164])
    contact_phone = models.CharField(
        max_length=16,
        blank=True,
        default="",
        validators=[e164],
        help_text="Gets the messages; from a confirmed appointment, or entered by a person.",
    )
    contact_phone_call = models.ForeignKey(
        "calls.Call",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text="In which the contact number was said; empty: a person entered it.",
    )
    email = models.EmailField(null=True, blank=True)
    language = models.CharField(max_length=2, choices=Language.choices, default=Language.GERMAN)
    sms_consent_at = models.DateTimeField(null=True, blank=True)
    sms_consent_call = models.ForeignKey(
        "calls.Call", on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    last_contact_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text="The row of the same person that took its place.",
    )
    legal_hold = models.CharField(
        max_length=300, blank=True, default="", help_text="Why nothing of this customer may be erased. Empty: it may."
    )
    legal_hold_until = models.DateField(
        null=True, blank=True, help_text="The last day of the hold; empty: until somebody ends it."
    )
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                "company", "phone", condition=models.Q(phone__isnull=False), name="customer_phone_per_company"
            )
        ]
        indexes = [
            models.Index(fields=["phone"], name="customer_phone"),
            models.Index(fields=["contact_phone"], name="customer_contact_phone"),
            models.Index(fields=["email"], name="customer_email"),
        ]

    def __str__(self) -> str:
        if self.erased_at is not None:
            return f"Erased customer {self.pk}"
        return self.name or self.phone or f"Anonymous caller {self.pk}"

    def clean(self) -> None:
        if self.legal_hold_until is not None and not self.legal_hold:
            raise ValidationError({"legal_hold": "Say why nothing may be erased."})

    @property
    def is_held(self) -> bool:
        """Whether the law or a dispute forbids to erase anything of this customer, today."""
        until = self.legal_hold_until
        return bool(self.legal_hold) and (until is None or until >= timezone.localdate())

    @classmethod
    def held(cls) -> models.Q:
        """The condition of `is_held`."""
        open_end = models.Q(legal_hold_until=None) | models.Q(legal_hold_until__gte=timezone.localdate())
        return ~models.Q(legal_hold="") & open_end

    @property
    def may_receive_sms(self) -> bool:
        """Consent was given on the phone. Whether STOP was answered since: `notifications.opt_outs`."""
        return self.sms_consent_at is not None

    @property
    def sms_number(self) -> str:
        return self.contact_phone or self.phone or ""
