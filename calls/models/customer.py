"""Who calls."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from calls.models.company import Company, Language, e164
from calls.models.name_part import Named


class Customer(Named):
    """A person known to one company, found again by phone number; an anonymous caller is a new one each time."""

    company = models.ForeignKey(Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="customers")
    name = models.CharField(_("name"), max_length=200, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=16, null=True, blank=True, validators=[e164])
    contact_phone = models.CharField(
        _("number for messages"),
        max_length=16,
        blank=True,
        default="",
        validators=[e164],
        help_text=_("Messages go to this number. It comes from a confirmed appointment or was entered by a person."),
    )
    contact_phone_call = models.ForeignKey(
        "calls.Call",
        verbose_name=_("call with that number"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text=_("The call in which the number was given; empty: a person entered it."),
    )
    email = models.EmailField(_("e-mail"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, default=Language.GERMAN)
    sms_consent_at = models.DateTimeField(_("agreed to SMS at"), null=True, blank=True)
    sms_consent_call = models.ForeignKey(
        "calls.Call",
        verbose_name=_("call with that consent"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    last_contact_at = models.DateTimeField(_("last contact"), null=True, blank=True)
    merged_into = models.ForeignKey(
        "self",
        verbose_name=_("merged into"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text=_("The row of the same person that took its place."),
    )
    legal_hold = models.CharField(
        _("legal hold"),
        max_length=300,
        blank=True,
        default="",
        help_text=_("Why nothing of this customer may be erased. Empty: it may be erased."),
    )
    legal_hold_until = models.DateField(
        _("legal hold until"),
        null=True,
        blank=True,
        help_text=_("The last day of the hold; empty: until someone ends it."),
    )
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
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
            return _("Erased customer %(id)s") % {"id": self.pk}
        return self.name or self.phone or _("Anonymous caller %(id)s") % {"id": self.pk}

    def clean(self) -> None:
        if self.legal_hold_until is not None and not self.legal_hold:
            raise ValidationError({"legal_hold": gettext("Say why nothing may be erased.")})

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
