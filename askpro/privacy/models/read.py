"""Who looked at whose data."""

from typing import Any, Final

from django.conf import settings
from django.db import connection, models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# One statement, and one row for everything that a person does with an object within an hour.
_NOTE: Final = """
    INSERT INTO privacy_read (user_id, who, kind, object_id, company_id, page, hour, first_at, last_at, count)
    VALUES (%s, %s, %s, %s, %s, %s, date_trunc('hour', statement_timestamp(), 'UTC'),
            statement_timestamp(), statement_timestamp(), 1)
    ON CONFLICT (who, kind, object_id, hour)
    DO UPDATE SET count = privacy_read.count + 1, last_at = EXCLUDED.last_at
"""


class Read(models.Model):
    """That somebody looked at an object with personal data: one row for each person, object and hour.

    A search leaves a hash of its term, never the term: who was looked for is found by those who know the name.
    """

    class Kind(models.TextChoices):
        CUSTOMER = "calls.customer", _("Customer")
        CALL = "calls.call", _("Call")
        REQUEST = "calls.bookingrequest", _("Booking request")
        APPOINTMENT = "appointments.appointment", _("Appointment")
        FOLLOW_UP = "appointments.followup", _("Follow-up")
        MESSAGE = "notifications.notification", _("Message")
        EVENT = "webhooks.webhookevent", _("Webhook event")
        SEARCH = "search", pgettext_lazy("what was read", "Search")
        EXPORT = "export", pgettext_lazy("what was read", "Export")
        REVEAL = "reveal", pgettext_lazy("what was read", "Revealed page")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.SET_NULL, null=True, related_name="+"
    )
    who = models.CharField(
        _("who"), max_length=150, help_text=_("The user's name at that time; of a command, who ran it.")
    )
    kind = models.CharField(_("what"), max_length=32, choices=Kind.choices)
    object_id = models.CharField(
        _("row"), max_length=64, help_text=_("The row's id; of a search, the hash of its term.")
    )
    company = models.ForeignKey(
        "calls.Company", verbose_name=_("company"), on_delete=models.CASCADE, null=True, related_name="+"
    )
    page = models.CharField(
        _("page"), max_length=80, help_text=_("The page or command where it was first read in this hour.")
    )
    hour = models.DateTimeField(_("hour"))
    first_at = models.DateTimeField(_("first"))
    last_at = models.DateTimeField(_("last"))
    count = models.PositiveIntegerField(_("count"), help_text=_("How often in this hour."))

    class Meta:
        verbose_name = _("read access")
        verbose_name_plural = _("read accesses")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint("who", "kind", "object_id", "hour", name="read_once_an_hour")]
        indexes = [
            models.Index(fields=["kind", "object_id"], name="read_of_object"),
            models.Index(fields=["hour"], name="read_hour"),
        ]

    def __str__(self) -> str:
        return _("%(what)s read by %(who)s") % {"what": self.get_kind_display(), "who": self.who}

    @classmethod
    def note(cls, *, user: Any, who: str, kind: str, object_id: str, company_id: int | None, page: str) -> None:
        """Count one more. `user` is None for a command."""
        values = (user.pk if user is not None else None, who[:150], kind, object_id[:64], company_id, page[:80])
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, values)
