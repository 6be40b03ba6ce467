"""Whose rows a log-in sees, and in which language it reads."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

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

    class Meta:
        verbose_name = _("access")
        verbose_name_plural = _("access")

    def __str__(self) -> str:
        return f"Access of {self.user}"


class Preference(models.Model):
    """What a person has chosen for himself. Without such a row, the browser's language counts."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+")
    language = models.CharField(max_length=2, choices=Language.choices)

    class Meta:
        verbose_name = "preference"
        # Everybody may choose for himself, nobody for others.
        default_permissions = ()

    def __str__(self) -> str:
        return f"Preference of {self.user}"
