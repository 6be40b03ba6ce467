"""Whose rows a log-in sees and in which language it reads, what groups were shipped with, and what people did."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from askpro.console.entrance.models import LoginAttempt as LoginAttempt
from askpro.console.entrance.models import SecondFactor as SecondFactor
from askpro.console.permissions import LABELS
from askpro.console.repair.models import Fix as Fix
from askpro.console.repair.models import Repair as Repair
from askpro.console.repair.models import RepairItem as RepairItem
from calls.models.company import Language


class Access(models.Model):
    """What of the installation a log-in is bound to. Without such a row, and without companies, it sees nothing.

    What it may do there is said by its permissions, most simply by a group (`roles.py`). A superuser needs no row.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.CASCADE, related_name="access"
    )
    is_operator = models.BooleanField(
        _("operator"), default=False, help_text=_("Runs this installation: sees every company, the jobs and the fleet.")
    )
    companies = models.ManyToManyField(
        "calls.Company",
        verbose_name=_("companies"),
        blank=True,
        related_name="+",
        help_text=_("Everyone else sees only what belongs to these."),
    )
    gives = models.ManyToManyField(
        "auth.Group",
        verbose_name=_("may give"),
        blank=True,
        related_name="given_by",
        help_text=_(
            "Who is bound to companies may give their people log-ins with these groups, even where they may do more"
            " there than he may. None reaches beyond the companies."
        ),
    )

    class Meta:
        verbose_name = _("access")
        verbose_name_plural = _("access")
        permissions = [(may.codename, label) for may, label in LABELS.items()]

    def __str__(self) -> str:
        return _("Access of %(user)s") % {"user": self.user}


class Preference(models.Model):
    """What a person has chosen for himself. Without such a row, the browser's language counts."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+")
    language = models.CharField(max_length=2, choices=Language.choices)

    class Meta:
        verbose_name = _("preference")
        # Everybody may choose for himself, nobody for others.
        default_permissions = ()

    def __str__(self) -> str:
        return _("Preference of %(user)s") % {"user": self.user}


class ShippedGroup(models.Model):
    """What a group of ours was given by releases so far (`roles.py`). While it still has exactly that, people have not
    changed it, and it gets what a release adds.
    """

    group = models.OneToOneField("auth.Group", on_delete=models.CASCADE, primary_key=True, related_name="+")
    given = models.JSONField(default=list, help_text=_("Names of permissions, sorted."))

    class Meta:
        verbose_name = _("shipped group")
        verbose_name_plural = _("shipped groups")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.group)


class Deed(models.Model):
    """What a person did in the console: who, what, why, to which row, before and after, from where, when.

    It is only ever added to: a trigger refuses changes of who, what and when. Erasure and retention take out of it
    what names a person, and at last the row.
    """

    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("log-in")
    )
    who = models.CharField(_("who"), max_length=150, help_text=_("The log-in's name then."))
    act = models.CharField(_("what"), max_length=64, help_text=_("The act's code, such as retry."))
    reason = models.TextField(_("why"), blank=True)
    company = models.ForeignKey(
        "calls.Company", on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("company")
    )
    content_type = models.ForeignKey(
        "contenttypes.ContentType", on_delete=models.CASCADE, null=True, related_name="+", verbose_name=_("table")
    )
    object_id = models.CharField(_("row"), max_length=64, blank=True)
    name = models.CharField(_("named"), max_length=200, blank=True, help_text=_("What it was called then."))
    count = models.PositiveIntegerField(_("rows"), default=1)
    before = models.JSONField(_("before"), default=dict, blank=True)
    after = models.JSONField(_("after"), default=dict, blank=True)
    address = models.CharField(_("from where"), max_length=45, blank=True)
    correlation_id = models.UUIDField(_("correlation id"), null=True)
    entry = models.OneToOneField(
        "admin.LogEntry", on_delete=models.SET_NULL, null=True, related_name="deed", verbose_name=_("entry")
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = _("deed")
        verbose_name_plural = _("deeds")
        default_permissions = ("view",)
        indexes = [models.Index(fields=["content_type", "object_id"], name="deed_of_row")]

    def __str__(self) -> str:
        return _("Deed %(id)s") % {"id": self.pk}
