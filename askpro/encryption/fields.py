"""Model fields that are encrypted on their way into PostgreSQL, and decrypted when they are first used."""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any, ClassVar

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models
from django.db.models.expressions import BaseExpression
from django.db.models.lookups import Exact, IsNull
from django.db.models.query_utils import DeferredAttribute

from askpro.encryption import sealing
from askpro.encryption.keys import Unreadable


@dataclass(frozen=True, slots=True, repr=False)
class Sealed:
    """A value as the row holds it; decrypted when it is asked for."""

    stored: Any
    field: "Sealing"

    def opened(self) -> Any:
        """Raises `Unreadable`."""
        return self.field.opened(self.stored)


class SealedAttribute(DeferredAttribute):
    """Decrypts the value at its first use, so that a row can be loaded even if a value cannot be decrypted."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if isinstance(value, Sealed):
            value = instance.__dict__[self.field.attname] = value.opened()
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        # Because this method exists, Python calls __get__ before it looks into the instance's own dictionary.
        instance.__dict__[self.field.attname] = value


class OnlyEmpty(Exact):
    """Whether nothing is stored. No value is ever stored alike twice, so that SQL would find none of the others."""

    lookup_name = "exact"

    def get_prep_lookup(self) -> Any:
        if self.rhs:
            raise FieldError(f"{self.lhs.output_field} is encrypted: SQL can only tell whether it is empty.")
        return super().get_prep_lookup()


class Sealing(models.Field):
    """What the fields have in common. An empty value stays as it is; it can be asked for in SQL, and nothing else can.

    Reading a value raises `Unreadable` when no key fits. What was stored in plain, before the field was encrypted, is
    read as well.
    """

    descriptor_class = SealedAttribute
    # Finds what is not empty and not under the newest key: an expression over the column, for `rotation`.
    STALE: ClassVar[str]

    def opened(self, stored: Any) -> Any:
        """The value that the column's content means. Raises `Unreadable`."""
        raise NotImplementedError

    def sealed(self, value: Any) -> Any:
        """The column's content for this value."""
        raise NotImplementedError

    def newest_start(self) -> Any:
        """How the content begins that the newest key has written; what `STALE` is asked with."""
        return sealing.newest_prefix()

    def get_lookup(self, lookup_name: str) -> Any:
        return {"exact": OnlyEmpty, "isnull": IsNull}.get(lookup_name)

    def get_transform(self, lookup_name: str) -> Any:
        """None: what is inside a value cannot be asked for."""

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Sealed):
            return value.stored
        return self.sealed(value) if value and not isinstance(value, BaseExpression) else super().get_prep_value(value)

    def from_db_value(self, value: Any, *told: Any) -> Any:
        return Sealed(value, self) if value else value

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """A value that was never decrypted is written as it was read."""
        raw = model_instance.__dict__.get(self.attname)
        return raw if isinstance(raw, Sealed) else super().pre_save(model_instance, add)


class SealedTextField(Sealing, models.TextField):
    """A text."""

    STALE = "{column} <> '' AND NOT starts_with({column}, %s)"

    def opened(self, stored: Any) -> str:
        return sealing.unseal_text(stored) if sealing.is_sealed_text(stored) else str(stored)

    def sealed(self, value: Any) -> str:
        if "\x00" in str(value):
            raise ValueError("A text cannot contain NUL, whether or not it is encrypted.")
        return sealing.seal_text(str(value))


class EncryptedTextField(SealedTextField):
    """A credential. Earlier releases encrypted these with Fernet, under SECRET_KEY, whose fallbacks read them, too."""

    def opened(self, stored: Any) -> str:
        if sealing.is_sealed_text(stored):
            return sealing.unseal_text(stored)
        try:
            return _fernet().decrypt(stored.encode()).decode()
        except InvalidToken as error:
            raise Unreadable(Unreadable.__doc__) from error


class SealedJSONField(Sealing, models.JSONField):
    """A JSON value, in a column of jsonb that then holds one text."""

    STALE = "{column} NOT IN ('{{}}', '[]', 'null') AND NOT starts_with({column} #>> '{{}}', %s)"

    def opened(self, stored: Any) -> Any:
        return json.loads(sealing.unseal_text(stored)) if sealing.is_sealed_text(stored) else stored

    def sealed(self, value: Any) -> str:
        text = json.dumps(value, cls=self.encoder, ensure_ascii=False, separators=(",", ":"))
        return sealing.seal_text(text)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(self.get_prep_value(value), connection, True)

    def from_db_value(self, value: Any, *told: Any) -> Any:
        read = models.JSONField.from_db_value(self, value, *told)
        return Sealed(read, self) if sealing.is_sealed_text(read) else read


class SealedBinaryField(Sealing, models.BinaryField):
    """Bytes."""

    STALE = "length({column}) > 0 AND substr({column}, 1, 6) <> %s"

    def opened(self, stored: Any) -> bytes:
        return sealing.unseal(stored) if sealing.is_sealed(stored) else bytes(stored)

    def sealed(self, value: Any) -> bytes:
        return sealing.seal(bytes(value))

    def newest_start(self) -> bytes:
        return sealing.newest_header()

    def from_db_value(self, value: Any, *told: Any) -> Any:
        return super().from_db_value(None if value is None else bytes(value))


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.sha256(f"askpro.encryption:{key}".encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
