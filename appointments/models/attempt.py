"""Attempts to reach a caller."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from appointments.models.follow_up import FollowUp
from askpro.encryption import SealedTextField


class Attempt(models.Model):
    """Somebody tried to reach the caller of a follow-up, in vain, and said when to try again."""

    follow_up = models.ForeignKey(
        FollowUp, verbose_name=_("follow-up"), on_delete=models.CASCADE, related_name="attempts"
    )
    user = models.ForeignKey(
        "auth.User", verbose_name=_("user"), on_delete=models.SET_NULL, null=True, related_name="+"
    )
    again_at = models.DateTimeField(_("try again"))
    note = SealedTextField(_("note"), blank=True, default="")
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("attempt to call back")
        verbose_name_plural = _("attempts to call back")
        ordering = ["-id"]

    def __str__(self) -> str:
        return _("Attempt %(id)s") % {"id": self.pk}
