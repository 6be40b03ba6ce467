"""Who tried to log in, and the second factors of those who have one."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from askpro.encryption import EncryptedTextField


class LoginAttempt(models.Model):
    """Somebody tried a password or a code. The row is written before either is looked at (`throttle.py`).

    What was typed as the name may be a password in the wrong field: only its keyed digest is kept, and whose name it
    is, if it is one.
    """

    class Outcome(models.TextChoices):
        BEGUN = "begun", _("begun")
        FAILED = "failed", _("failed")
        SUCCEEDED = "succeeded", _("succeeded")

    class Step(models.TextChoices):
        PASSWORD = "password", _("password")
        CODE = "code", _("code")

    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+", verbose_name=_("log-in")
    )
    step = models.CharField(_("what was tried"), max_length=8, choices=Step.choices)
    outcome = models.CharField(_("outcome"), max_length=9, choices=Outcome.choices, default=Outcome.BEGUN)
    name_digest = models.CharField(_("digest of the name"), max_length=32)
    network = models.CharField(_("from where"), max_length=45, blank=True)
    counts = models.BooleanField(_("counts"), default=True, help_text=_("Not any more, since a later one succeeded."))

    class Meta:
        ordering = ["-id"]
        verbose_name = _("attempt to log in")
        verbose_name_plural = _("attempts to log in")
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["name_digest", "at"], name="login_attempt_of_name"),
            models.Index(fields=["network", "at"], name="login_attempt_of_network"),
        ]

    def __str__(self) -> str:
        return _("Attempt %(id)s") % {"id": self.pk}

    def fail(self) -> None:
        LoginAttempt.objects.filter(pk=self.pk, outcome=self.Outcome.BEGUN).update(outcome=self.Outcome.FAILED)

    def succeed(self, user_id: int) -> None:
        """It and those before it, of the same name and network, count no more against either."""
        LoginAttempt.objects.filter(pk=self.pk).update(outcome=self.Outcome.SUCCEEDED, user_id=user_id)
        earlier = LoginAttempt.objects.filter(name_digest=self.name_digest, network=self.network, counts=True)
        earlier.filter(pk__lte=self.pk).update(counts=False)


class SecondFactor(models.Model):
    """A person's app that shows a new code every 30 seconds (TOTP, RFC 6238). Asked for once it is confirmed."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="second_factor",
        verbose_name=_("log-in"),
    )
    secret = EncryptedTextField(help_text=_("As the app holds it, in base 32."))
    confirmed_at = models.DateTimeField(_("since"), null=True)
    last_step = models.BigIntegerField(default=0, help_text=_("The 30 seconds whose code was last used."))
    recovery = models.JSONField(default=list, help_text=_("Keyed digests of the recovery codes that are left."))

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")
        # Everybody has his own; who may change a log-in may take it away.
        default_permissions = ()

    def __str__(self) -> str:
        return _("Second factor of %(user)s") % {"user": self.user}

    def confirm(self, recovery: list[str]) -> bool:
        """From now on it is asked for. False when it was confirmed before."""
        now = timezone.now()
        rows = SecondFactor.objects.filter(pk=self.pk, confirmed_at=None)
        is_first = rows.update(confirmed_at=now, recovery=recovery) == 1
        if is_first:
            self.confirmed_at = now
        return is_first

    def use_step(self, step: int) -> bool:
        """Whether the code of this step was not used before; no code is good twice."""
        return SecondFactor.objects.filter(pk=self.pk, last_step__lt=step).update(last_step=step) == 1

    def use_recovery(self, digest: str) -> bool:
        """Whether there was this recovery code; it is used up now."""
        left = [each for each in self.recovery if each != digest]
        rows = SecondFactor.objects.filter(pk=self.pk, recovery=self.recovery)
        return len(left) < len(self.recovery) and rows.update(recovery=left) == 1

    def renew_recovery(self, digests: list[str]) -> None:
        SecondFactor.objects.filter(pk=self.pk).update(recovery=digests)
