"""Services that can be booked, and the staff who do them."""

from typing import Final, Self

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from askpro.language.sentences import Sentence
from calls.models.company import LONGEST_LEAD_MINUTES, Branch, Company
from calls.models.name_part import Named

# Cal.com fills these from the attendee's number, which it gets anyway.
PHONE_FIELDS: Final = frozenset({"attendeePhoneNumber", "smsReminderNumber"})


class Obstacle(Sentence):
    """Why a service cannot be booked by phone, according to its event type at Cal.com."""

    SEATS = "seats", _("Several attendees share one time")
    RECURRENCE = "recurrence", _("One booking makes a series")
    PRICE = "price", _("It is paid at Cal.com")
    FIELDS = "fields", _("Cal.com asks for fields that nobody has mapped")
    TEMPLATE = "template", _("It is a template: each member has an event type of their own")


class Service(Named):
    """Something a company offers; bookable once it has an event type at Cal.com."""

    company = models.ForeignKey(Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="services")
    branch = models.ForeignKey(
        Branch,
        verbose_name=_("branch"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="services",
        help_text=_("Empty: all branches."),
    )
    name = models.CharField(_("name"), max_length=200)
    synonyms = models.JSONField(_("synonyms"), default=list, blank=True, help_text=_("Other words callers use for it."))
    duration_minutes = models.PositiveSmallIntegerField(_("duration in minutes"), default=30)
    minimum_notice_minutes = models.PositiveIntegerField(_("shortest notice in minutes"), default=60)
    change_notice_minutes = models.PositiveIntegerField(
        _("notice for changes, in minutes"),
        null=True,
        blank=True,
        help_text=_("Notice for cancelling and moving; empty: the company's."),
    )
    reminder_minutes = models.PositiveIntegerField(
        _("first reminder, in minutes before"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(LONGEST_LEAD_MINUTES)],
        help_text=_("How long before it the customer is reminded; empty: as for the company, 0: not at all."),
    )
    last_reminder_minutes = models.PositiveIntegerField(
        _("last reminder, in minutes before"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(LONGEST_LEAD_MINUTES)],
        help_text=_(
            "How long before it the customer is reminded for the last time; empty: as for the company, 0: not at all."
        ),
    )
    price = models.DecimalField(_("price"), max_digits=8, decimal_places=2, null=True, blank=True)
    calcom_event_type_id = models.BigIntegerField(_("event type at Cal.com"), null=True, blank=True, unique=True)
    calcom_slug = models.CharField(_("short name at Cal.com"), max_length=200, blank=True, default="")
    is_active = models.BooleanField(_("active"), default=True)
    synced_at = models.DateTimeField(_("read from Cal.com at"), null=True, blank=True, editable=False)
    obstacles = models.JSONField(
        _("obstacles"), default=list, blank=True, editable=False, help_text=_("Of its event type at Cal.com.")
    )
    needs_confirmation = models.BooleanField(_("needs the host's yes"), default=False, editable=False)
    required_fields = models.JSONField(
        _("required fields"),
        default=list,
        blank=True,
        editable=False,
        help_text=_("Fields that a booking at Cal.com has to fill."),
    )
    field_answers = models.JSONField(
        _("answers to required fields"),
        default=dict,
        blank=True,
        help_text=_(
            "What is sent for each required field: a fixed text, or a placeholder: {name}, {phone}, {email}, {notes}, "
            '{service}, {staff}, {branch}. Example: {"kasse": "privat", "grund": "{notes}"}.'
        ),
    )
    judged_at = models.DateTimeField(
        _("checked at"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When its event type was last read; empty: never."),
    )

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ["company", "name"]
        constraints = [models.UniqueConstraint("company", "name", name="service_name_per_company")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def offered_at(cls, branch: Branch) -> list[Self]:
        """The services offered at a branch: its own, and those of all branches."""
        known = cls.objects.filter(company_id=branch.company_id, is_active=True)
        offered = [service for service in known if service.branch_id in (None, branch.pk)]
        for service in offered:
            service.company = branch.company
        return offered

    @property
    def names(self) -> tuple[str, ...]:
        """What callers call it: its name, and those of its synonyms that are texts."""
        synonyms = self.synonyms if isinstance(self.synonyms, list) else []
        return (self.name, *(word for word in synonyms if isinstance(word, str)))

    @property
    def hindrances(self) -> list[Obstacle]:
        """Why it cannot be booked by phone; empty if it can, or if its event type was never read."""
        known = [obstacle for obstacle in Obstacle if obstacle in self.obstacles]
        return [*known, *([Obstacle.FIELDS] if self.unmapped_fields else [])]

    @property
    def unmapped_fields(self) -> list[str]:
        return [field["slug"] for field in self.required_fields if not self.answer_to(field["slug"])]

    def answer_to(self, slug: str) -> str:
        """The answer that staff have mapped to a required field, with facts still in braces."""
        answer = self.field_answers.get(slug)
        return answer if isinstance(answer, str) and answer else "{phone}" if slug in PHONE_FIELDS else ""


class Staff(Named):
    """A person who holds appointments."""

    company = models.ForeignKey(Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="staff")
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, related_name="staff")
    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("e-mail"), blank=True, default="")
    calcom_user_id = models.BigIntegerField(_("user at Cal.com"), null=True, blank=True, db_index=True)
    services = models.ManyToManyField(Service, verbose_name=_("services"), blank=True, related_name="staff")
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")
        ordering = ["company", "name"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def offering(cls, service: Service | None, branch: Branch) -> list["Staff"]:
        """The staff who do this service at the branch; all staff of the branch without a service."""
        people = cls.objects.filter(branch=branch, is_active=True)
        return list(people.filter(services=service) if service else people)

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)
