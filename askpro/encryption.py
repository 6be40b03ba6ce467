"""Secrets at rest: a text field that PostgreSQL only ever sees encrypted."""

import base64
import hashlib
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class UnreadableSecret(Exception):
    """A stored secret was encrypted with a key that is not in SECRET_KEY or SECRET_KEY_FALLBACKS."""


class EncryptedTextField(models.TextField):
    """Text encrypted with Fernet under SECRET_KEY; older keys in SECRET_KEY_FALLBACKS still read."""

    def get_prep_value(self, value: Any) -> Any:
        return _fernet().encrypt(str(value).encode()).decode() if value else value

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        if not value:
            return value
        try:
            return _fernet().decrypt(value.encode()).decode()
        except InvalidToken as error:
            raise UnreadableSecret(UnreadableSecret.__doc__) from error


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.sha256(f"askpro.encryption:{key}".encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
