"""Who calls."""

from django.db import models

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
        return self.name or self.phone or f"Anonymous caller {self.pk}"

    @property
    def may_receive_sms(self) -> bool:
        """Consent was given on the phone. Whether STOP was answered since: `notifications.opt_outs`."""
        return self.sms_consent_at is not None

    @property
    def sms_number(self) -> str:
        return self.contact_phone or self.phone or ""
