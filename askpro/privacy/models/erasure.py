"""Requests to erase a person, and what became of each place where something was held."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from askpro.encryption import EncryptedTextField
from askpro.privacy.models.pepper import hashed


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom an erasure is about: the customers that were chosen, and the numbers (E.164) and addresses that are theirs
    alone.
    """

    customers: tuple[int, ...] = ()
    numbers: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()

    @property
    def marks(self) -> list[str]:
        """Hashes by which the same person is known again, also in a restored database."""
        return sorted(hashed(value) for value in {*self.numbers, *self.emails})

    def written(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> Self:
        told = json.loads(text)
        return cls(**{name: tuple(values) for name, values in told.items()})


class Erasure(models.Model):
    """One request to erase a person, in one company or in all (`company` empty).

    While it runs, `wanted` holds whom it is about, encrypted, so that a process that dies leaves what its successor
    needs. Afterwards only ids and hashes are left, by which a restored database is erased again.
    """

    class State(models.TextChoices):
        HELD = "held", _("Not begun: the law or a dispute forbids it")
        RUNNING = "running", _("Being erased here")
        VENDORS = "vendors", _("Erased here; vendors are being asked")
        PERSON = "person", _("A person has to see to the rest")
        DONE = "done", _("Done")

    class Ground(models.TextChoices):
        REQUEST = "request", _("The person asked for it (Art. 17 GDPR)")
        CONSENT = "consent", _("The person withdrew consent")
        UNLAWFUL = "unlawful", _("The data should not be held")
        AGAIN = "again", _("Erased before, and restored from a backup")

    UNFINISHED = (State.RUNNING, State.VENDORS)

    company = models.ForeignKey(
        "calls.Company",
        verbose_name=_("company"),
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text=_("Empty: all companies."),
    )
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.RUNNING)
    ground = models.CharField(_("ground"), max_length=16, choices=Ground.choices, default=Ground.REQUEST)
    reference = models.CharField(
        _("ticket"), max_length=100, blank=True, default="", help_text=_("A ticket's number; no names.")
    )
    cancels_bookings = models.BooleanField(
        _("cancels bookings"), default=True, help_text=_("Future appointments are cancelled first.")
    )
    wanted = EncryptedTextField(_("person"), blank=True, default="", editable=False)
    customers = models.JSONField(_("customers"), default=list, editable=False, help_text=_("Ids of the customers."))
    marks = models.JSONField(
        _("hashes"), default=list, editable=False, help_text=_("Hashes of their numbers and addresses.")
    )
    held_until = models.DateField(
        _("held until"), null=True, help_text=_("The last day of the legal hold, if there is one.")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("asked for by"), on_delete=models.SET_NULL, null=True, related_name="+"
    )
    who = models.CharField(
        _("who"), max_length=150, help_text=_("The user who asked for it; of a command, who ran it.")
    )
    requested_at = models.DateTimeField(_("asked for at"), default=timezone.now)
    erased_at = models.DateTimeField(_("erased at"), null=True, help_text=_("When nothing was left in this database."))
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["requested_at"], condition=models.Q(state__in=["running", "vendors"]), name="erasure_unfinished"
            )
        ]
        permissions = [
            ("erase_person", "Can erase a person"),
            ("export_person", "Can export what is held of a person"),
        ]

    def __str__(self) -> str:
        return _("Erasure %(number)s") % {"number": self.pk}

    @classmethod
    def of(cls, company: Any, wanted: Wanted, **values: Any) -> "Erasure":
        """The unfinished erasure of the same person, else a new one."""
        customers = sorted(wanted.customers)
        same = cls.objects.filter(company=company, customers=customers, marks=wanted.marks)
        known = same.filter(state__in=[*cls.UNFINISHED, cls.State.HELD]).first()
        if known is not None:
            return known
        values |= {"wanted": wanted.written(), "customers": customers, "marks": wanted.marks}
        return cls.objects.create(company=company, **values)

    @property
    def person(self) -> Wanted:
        """Whom it is about, as long as it is not erased here."""
        return Wanted.read(self.wanted) if self.wanted else Wanted()

    def hold(self, until: date | None) -> bool:
        """A legal hold forbids it; False if it has begun to erase."""
        return self._move((self.State.RUNNING, self.State.HELD), state=self.State.HELD, held_until=until)

    def release(self) -> bool:
        """The hold is over; False if it was not held."""
        return self._move((self.State.HELD,), state=self.State.RUNNING, held_until=None)

    def note_erased(self) -> bool:
        """Nothing is left here: the person is forgotten, but for ids and hashes."""
        values = {"state": self.State.VENDORS, "wanted": "", "erased_at": timezone.now()}
        return self._move((self.State.RUNNING,), **values)

    def settle(self) -> bool:
        """Say how it stands once no vendor has to be asked any more; False while one has, or nothing has changed."""
        states = {*self.items.values_list("state", flat=True)}
        if Item.State.WAITING in states:
            return False
        if Item.State.PERSON in states:
            return self._move((self.State.VENDORS,), state=self.State.PERSON)
        return self._move((self.State.VENDORS, self.State.PERSON), state=self.State.DONE, finished_at=timezone.now())

    def _move(self, expected: Iterable[str], **values: Any) -> bool:
        if Erasure.objects.filter(pk=self.pk, state__in=[*expected]).update(**values) == 0:
            return False
        self.refresh_from_db(fields=[*values])
        return True


class Item(models.Model):
    """One place where something of the person was held, or is: a table here, or an object at a vendor."""

    class Place(models.TextChoices):
        TABLE = "table", _("Rows here")
        RETELL = "retell", _("Call at Retell")
        TWILIO = "twilio", _("Message at Twilio")
        BOOKING = "booking", _("Booking at Cal.com")
        MAIL = "mail", _("Mail that was sent")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits")
        ERASED = "erased", _("Erased")
        ABSENT = "absent", _("Was not there any more")
        PERSON = "person", _("A person has to do it")
        STAYS = "stays", _("Cannot be erased")
        BY_HAND = "by_hand", _("Done by a person")

    class Why(models.TextChoices):
        """Why a person has to, or why it stays."""

        NO_API = "no_api", _("Cal.com has no way to erase a booking: do it in its own pages, if it has to go.")
        STILL_BOOKED = "still_booked", _("The appointment is ahead and stays booked, with the person's name.")
        NOT_CANCELLED = "not_cancelled", _("The appointment could not be cancelled: do it at Cal.com.")
        MAIL_SENT = "mail_sent", _("A mail that was sent cannot be taken back.")
        REFUSED = "refused", _("The vendor refused it, or its job gave up: its failed job says why.")

    erasure = models.ForeignKey(Erasure, verbose_name=_("erasure"), on_delete=models.CASCADE, related_name="items")
    place = models.CharField(_("place"), max_length=16, choices=Place.choices)
    subject = models.CharField(
        _("what"), max_length=100, help_text=_("The table; the id of the call, message or booking.")
    )
    company = models.ForeignKey(
        "calls.Company", verbose_name=_("company"), on_delete=models.PROTECT, null=True, related_name="+"
    )
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.WAITING)
    why = models.CharField(_("why"), max_length=16, choices=Why.choices, blank=True, default="")
    count = models.PositiveIntegerField(_("count"), default=1, help_text=_("For a table, the number of its rows."))
    note = models.CharField(_("note"), max_length=200, blank=True, default="", help_text=_("What a person did."))
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("place of an erasure")
        verbose_name_plural = _("places of erasures")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint("erasure", "place", "subject", name="erasure_item_once")]
        indexes = [models.Index(fields=["erasure"], condition=models.Q(state="waiting"), name="erasure_item_waiting")]

    def __str__(self) -> str:
        return f"{self.get_place_display()} {self.subject}"

    def end(self, state: "Item.State", why: "Item.Why | None" = None, note: str = "") -> bool:
        """Say what became of it; False if that was known."""
        open_states = [self.State.WAITING, *([self.State.PERSON] if state != self.State.PERSON else [])]
        rows = Item.objects.filter(pk=self.pk, state__in=open_states)
        if rows.update(state=state, why=why or "", note=note[:200], ended_at=timezone.now()) == 0:
            return False
        self.refresh_from_db()
        return True
