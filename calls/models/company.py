"""A company, its branches and the numbers that callers dial."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator, validate_email
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from askpro.encryption import EncryptedTextField
from askpro.queues.jobs.on_signal import AtomicSave
from calls import holidays, phone
from calls.german.opening_hours import InvalidOpeningHours, OpeningHours
from calls.models.name_part import Named
from notifications import senders

e164 = RegexValidator(r"^\+[1-9][0-9]{6,14}$", _("Write the number with its country code, such as +493023125100."))

three_letters = RegexValidator(r"^[A-Z]{3}\Z", _("Write the currency's three letters, such as EUR or CHF."))


def country(code: str) -> None:
    if not phone.is_country(code):
        raise ValidationError(gettext("Write the country's two letters, such as DE, AT or CH."))


def sms_sender(sender: str) -> None:
    if not senders.is_valid(sender):
        raise ValidationError(senders.HELP)


def addresses(text: str) -> None:
    for address in read_addresses(text):
        validate_email(address)


def read_addresses(text: str) -> list[str]:
    """The addresses of a list that is separated by commas, semicolons or blanks."""
    return text.replace(",", " ").replace(";", " ").split()


# A caller who hung up with a promise is called back within two hours of opening time.
CALL_BACK_WITHIN: Final = timedelta(hours=2)
# Four weeks: who is reminded earlier has forgotten it again.
LONGEST_LEAD_MINUTES: Final = 4 * 7 * 24 * 60
# How far ahead a closed branch is looked for its next opening.
LONGEST_CLOSURE: Final = timedelta(days=60)


class Language(models.TextChoices):
    GERMAN = "de", "Deutsch"
    ENGLISH = "en", "English"


class Company(Named):
    """A tenant. Every row of the product belongs to exactly one."""

    name = models.CharField(_("name"), max_length=200)
    slug = models.SlugField(_("short name"), max_length=80, unique=True)
    timezone = models.CharField(_("time zone"), max_length=64, default="Europe/Berlin")
    country = models.CharField(
        _("country"),
        max_length=2,
        default=phone.HOME,
        validators=[country],
        help_text=_("Two letters. Numbers without a country code, such as 030 23125 100, are read as this country's."),
    )
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, default=Language.GERMAN)
    is_active = models.BooleanField(_("active"), default=True)
    books_appointments = models.BooleanField(
        _("books appointments"), default=True, help_text=_("Off: calls are recorded, but nothing is booked.")
    )
    change_notice_minutes = models.PositiveIntegerField(
        _("notice for changes, in minutes"),
        default=0,
        help_text=_(
            "Until this long before an appointment, customers may cancel or move it themselves; 0: until it begins. "
            "Staff may always do so."
        ),
    )
    offers_freed_times = models.BooleanField(
        _("offers freed times"),
        default=False,
        db_default=False,
        help_text=_(
            "On: when an appointment is cancelled or moved, its time is offered by SMS to waiting customers, one "
            "after the other."
        ),
    )
    offer_minutes = models.PositiveSmallIntegerField(
        _("time to answer an offer, in minutes"),
        default=20,
        db_default=20,
        validators=[MinValueValidator(5), MaxValueValidator(24 * 60)],
        help_text=_("How long each customer has to answer JA."),
    )
    offer_lead_minutes = models.PositiveIntegerField(
        _("offers end before the start, in minutes"),
        default=120,
        db_default=120,
        validators=[MaxValueValidator(14 * 24 * 60)],
        help_text=_("A time is offered until this long before it begins, plus the time to answer."),
    )
    calcom_api_key = EncryptedTextField(
        _("Cal.com API key"), blank=True, default="", help_text=_("Empty: the key of this installation.")
    )
    calcom_key_expires_on = models.DateField(
        _("Cal.com key expires on"),
        null=True,
        blank=True,
        help_text=_("Cal.com shows it only where the key is made. Empty: never, or not known."),
    )
    calcom_handles_notifications = models.BooleanField(
        _("Cal.com tells the customers"),
        default=False,
        help_text=_(
            "On: Cal.com tells customers with an e-mail address. AskPro tells the others, by SMS or through a person."
        ),
    )
    sms_enabled = models.BooleanField(_("SMS to customers"), default=True)
    sms_sender = models.CharField(
        _("sender of SMS"),
        max_length=34,
        blank=True,
        default="",
        validators=[sms_sender],
        help_text=_("Number, name or messaging service; empty: the installation's."),
    )
    sms_price = models.DecimalField(
        _("price of an SMS"),
        max_digits=7,
        decimal_places=5,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("What one SMS of 160 characters costs you, for previews and figures. Empty: not known."),
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True, default="EUR", validators=[three_letters])
    notification_email = models.EmailField(
        _("e-mail for follow-ups"), blank=True, default="", help_text=_("Gets a mail for each new follow-up.")
    )
    escalation_email = models.EmailField(
        _("e-mail for late follow-ups"),
        blank=True,
        default="",
        db_default="",
        help_text=_("Gets a mail when a follow-up is not dealt with in time; empty: the address above."),
    )
    report_emails = models.CharField(
        _("e-mails for reports"),
        max_length=500,
        blank=True,
        default="",
        db_default="",
        validators=[addresses],
        help_text=_("Who gets the reports below; separate addresses by commas. Empty: the first address above."),
    )
    daily_report = models.BooleanField(
        _("daily report"),
        default=False,
        db_default=False,
        help_text=_("On: the numbers of the day by mail, each evening."),
    )
    weekly_report = models.BooleanField(
        _("weekly report"),
        default=False,
        db_default=False,
        help_text=_("On: the numbers of the week before by mail, on Mondays at 7."),
    )
    report_hour = models.PositiveSmallIntegerField(
        _("hour of the daily report"),
        default=20,
        db_default=20,
        validators=[MaxValueValidator(23)],
        help_text=_("When the daily report is sent, in the company's time zone; before 12 it is about the day before."),
    )
    call_summaries = models.BooleanField(
        _("mail after each call"),
        default=False,
        db_default=False,
        help_text=_("On: after each call its branch gets a mail with the outcome, never with what was said."),
    )
    quiet_from = models.TimeField(
        _("no SMS from"), default="21:00", help_text=_("No SMS after this time, in the branch's time zone.")
    )
    quiet_until = models.TimeField(_("no SMS until"), default="08:00", help_text=_("No SMS before this time."))
    reminder_minutes = models.PositiveIntegerField(
        _("first reminder, in minutes before"),
        null=True,
        blank=True,
        default=24 * 60,
        validators=[MaxValueValidator(LONGEST_LEAD_MINUTES)],
        help_text=_("How long before an appointment the customer is reminded; 1440 is a day. Empty: no such reminder."),
    )
    last_reminder_minutes = models.PositiveIntegerField(
        _("last reminder, in minutes before"),
        null=True,
        blank=True,
        default=2 * 60,
        validators=[MaxValueValidator(LONGEST_LEAD_MINUTES)],
        help_text=_("How long before it the customer is reminded for the last time. Empty: no such reminder."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def report_addresses(self) -> list[str]:
        return read_addresses(self.report_emails)


class Branch(Named):
    """One location of a company: its address goes into messages, its hours decide what "um vier" means."""

    company = models.ForeignKey(Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="branches")
    name = models.CharField(_("name"), max_length=200)
    street = models.CharField(_("street"), max_length=200, blank=True, default="")
    postal_code = models.CharField(_("postal code"), max_length=12, blank=True, default="")
    city = models.CharField(_("city"), max_length=100, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=16, blank=True, default="", validators=[e164])
    timezone = models.CharField(
        _("time zone"), max_length=64, blank=True, default="", help_text=_("Empty: the company's.")
    )
    country = models.CharField(
        _("country"), max_length=2, blank=True, default="", validators=[country], help_text=_("Empty: the company's.")
    )
    opening_hours = models.JSONField(
        _("opening hours"),
        default=dict,
        blank=True,
        help_text=_('Per weekday: {"mo": [["09:00", "18:00"]], …}; a missing day is closed.'),
    )
    state = models.CharField(
        _("federal state"),
        max_length=20,
        blank=True,
        default="",
        help_text=_("Closed on the public holidays of this state, such as BE for Berlin. Empty: open on holidays."),
    )
    notification_email = models.EmailField(_("e-mail for follow-ups"), blank=True, default="")
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("branch")
        verbose_name_plural = _("branches")
        ordering = ["company", "name"]

    def __str__(self) -> str:
        return f"{self.company.name}, {self.name}"

    def clean(self) -> None:
        """Check the opening hours and the state. Raises `ValidationError` when they cannot be read."""
        try:
            self.opening_hours = OpeningHours.from_json(self.opening_hours or {}).to_json()
        except InvalidOpeningHours as error:
            raise ValidationError({"opening_hours": str(error)}) from error
        self.state = self.state.strip().upper()
        if self.state and not holidays.is_state(self.home, self.state):
            raise ValidationError({"state": self._states_told()})

    def _states_told(self) -> str:
        if known := holidays.states(self.home):
            return _("The federal states are %(states)s.") % {"states": ", ".join(known)}
        return _("%(country)s has no federal states here: leave this empty.") % {"country": self.home}

    def call_back_by(self, now: datetime) -> datetime:
        """Two hours from now, or when the branch next opens after that; two hours if its hours are unknown."""
        due = now + CALL_BACK_WITHIN
        try:
            hours = OpeningHours.from_json(self.opening_hours)
        except InvalidOpeningHours:
            return due
        local = due.astimezone(self.zone)
        closed = self.closed_on(local.date(), local.date() + LONGEST_CLOSURE)
        is_open = hours.is_open(local) and local.date() not in closed
        opening = local if is_open else hours.next_opening(local, closed)
        return (opening or local).astimezone(now.tzinfo)

    def after_opening_time(self, start: datetime, length: timedelta) -> datetime:
        """When it has been open for this long since `start`; so long after it if its hours are unknown, or it is closed
        for two months."""
        try:
            hours = OpeningHours.from_json(self.opening_hours)
        except InvalidOpeningHours:
            return start + length
        day = start.astimezone(self.zone).date()
        return hours.after(start, length, self.zone, self.closed_on(day, day + LONGEST_CLOSURE)) or start + length

    def closed_on(self, first: date, last: date) -> dict[date, str]:
        """The days from the first to the last on which it is closed against its opening hours, and why.

        These are public holidays of its state, and closed days that staff entered for it or for the whole company.
        """
        return closed_days([self], first, last)[self.pk]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone or self.company.timezone)

    @property
    def home(self) -> str:
        """The country whose national numbers are dialled here (ISO 3166-1)."""
        return self.country or self.company.country

    @property
    def address(self) -> str:
        """Street, postal code and city in one line; empty if nothing is known."""
        town = f"{self.postal_code} {self.city}".strip()
        return ", ".join(part for part in (self.street, town) if part)


def closed_days(branches: Sequence[Branch], first: date, last: date, language: str = "") -> dict[int, dict[date, str]]:
    """For each of these branches of one company, by its id: its closed days and why, as `Branch.closed_on` has them.

    Public holidays are named in `language`, else in the company's.
    """
    if not branches:
        return {}
    company = branches[0].company
    whose = Q(branch=None) | Q(branch__in=[branch.pk for branch in branches])
    entered = list(company.closed_days.filter(whose, first_day__lte=last, last_day__gte=first))
    return {
        branch.pk: holidays.public_holidays(branch.home, branch.state, first, last, language or company.language)
        | {day: row.reason for row in entered if row.branch_id in (None, branch.pk) for day in row.days(first, last)}
        for branch in branches
    }


def countries() -> Iterator[str]:
    """The countries of all companies and branches, for reading national numbers; read once they are needed."""
    branches = Branch.objects.exclude(country="").values_list("country", flat=True)
    yield from sorted(Company.objects.values_list("country", flat=True).union(branches))


class PhoneNumber(AtomicSave, models.Model):
    """A number that callers dial. Only the number decides which tenant a call belongs to."""

    company = models.ForeignKey(
        Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="phone_numbers"
    )
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, related_name="phone_numbers")
    more_branches = models.ManyToManyField(
        Branch,
        verbose_name=_("further branches"),
        blank=True,
        related_name="+",
        help_text=_(
            "Other branches that this number answers for. The caller is asked which one; a caller who does not say "
            "is called back."
        ),
    )
    number = models.CharField(_("number"), max_length=16, unique=True, validators=[e164])
    retell_agent_id = models.CharField(_("Retell agent"), max_length=64, blank=True, default="", db_index=True)
    booking_functions = models.TextField(
        _("functions that book"),
        blank=True,
        default="",
        max_length=1000,
        help_text=_(
            "The agent's own functions that book, such as book_appointment, one per line. What they booked is not "
            "booked again. Empty: if a function's name sounds like booking, a person is asked."
        ),
    )
    is_active = models.BooleanField(_("active"), default=True)
    # Empty for numbers that were entered before this was written down.
    created_at = models.DateTimeField(_("created at"), auto_now_add=True, null=True)

    class Meta:
        verbose_name = _("phone number")
        verbose_name_plural = _("phone numbers")
        ordering = ["number"]

    def __str__(self) -> str:
        return self.number

    @property
    def branches(self) -> list[Branch]:
        """All branches that a caller of this number may mean."""
        own, company = self.branch_id, self.company_id
        more = [each for each in self.more_branches.all() if each.is_active and each.company_id == company]
        return [self.branch, *(each for each in more if each.pk != own)]

    @property
    def booking_function_names(self) -> list[str]:
        return self.booking_functions.replace(",", " ").split()
