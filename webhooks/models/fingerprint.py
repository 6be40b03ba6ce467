"""Tells secrets apart without revealing them."""

import hashlib


def fingerprint(secret: str) -> str:
    """A short hash that shows which of several secrets matched, without revealing it."""
    return hashlib.sha256(b"askpro.webhooks:" + secret.encode()).hexdigest()[:12]
