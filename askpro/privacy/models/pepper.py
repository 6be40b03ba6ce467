"""What makes hashes of numbers and addresses useless to whoever does not hold this installation's keys."""

import hashlib
import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _

from askpro.encryption import EncryptedTextField

BYTES = 32


class Pepper(models.Model):
    """A secret of this installation, one row, made once and never changed: a phone number's plain hash is undone by
    trying all numbers. It is encrypted like every secret here, and so outlives the keys that encrypt it.
    """

    secret = EncryptedTextField()

    class Meta:
        verbose_name = _("pepper")
        verbose_name_plural = _("peppers")

    def __str__(self) -> str:
        return str(_("pepper"))

    @classmethod
    def taken(cls) -> str:
        """The secret; made at its first use."""
        row, _ = cls.objects.get_or_create(pk=1, defaults={"secret": secrets.token_hex(BYTES)})
        return str(row.secret)


def hashed(value: str) -> str:
    """64 hex digits that the same value always gets, and from which nobody gets the value."""
    return hashlib.sha256(f"{Pepper.taken()}{value}".encode("utf-8", "surrogatepass")).hexdigest()
