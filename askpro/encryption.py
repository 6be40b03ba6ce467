"""Secrets at rest: a text field that PostgreSQL only ever sees encrypted."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models
from django.db.models.query_utils import DeferredAttribute


class UnreadableSecret(Exception):
    """A stored secret was encrypted with a key that is not in SECRET_KEY or SECRET_KEY_FALLBACKS."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret as the row holds it; decrypted when it is asked for."""

    token: str

    def opened(self) -> str:
        try:
            return _fernet().decrypt(self.token.encode()).decode()
        except InvalidToken as error:
            raise UnreadableSecret(UnreadableSecret.__doc__) from error


class SecretAttribute(DeferredAttribute):
    """Decrypts the secret at its first use, so that a row can be loaded even if its secret cannot be decrypted."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if isinstance(value, Sealed):
            value = instance.__dict__[self.field.attname] = value.opened()
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        # Because this method exists, Python calls __get__ before it looks into the instance's own dictionary.
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.TextField):
    """Text encrypted with Fernet under SECRET_KEY; older keys in SECRET_KEY_FALLBACKS still read.

    Reading it raises `UnreadableSecret` when none of them fits.
    """

    descriptor_class = SecretAttribute

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Sealed):
            return value.token
        return _fernet().encrypt(str(value).encode()).decode() if value else value

    def from_db_value(self, value: str | None, *_: object) -> Sealed | str | None:
        return Sealed(value) if value else value

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """A secret that was never decrypted is written as it was read."""
        raw = model_instance.__dict__.get(self.attname)
        return raw if isinstance(raw, Sealed) else super().pre_save(model_instance, add)


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.sha256(f"askpro.encryption:{key}".encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
