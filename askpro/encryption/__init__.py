"""Secrets, raw bodies and callers' words at rest: fields that PostgreSQL only ever sees encrypted under DATA_KEYS.

They are apart from SECRET_KEY, so that either can be replaced without the other. `rotate_secrets` writes everything
anew under the newest key.
"""

from askpro.encryption.fields import EncryptedTextField, SealedBinaryField, SealedJSONField, SealedTextField
from askpro.encryption.keys import Unreadable

__all__ = ["EncryptedTextField", "SealedBinaryField", "SealedJSONField", "SealedTextField", "Unreadable"]
