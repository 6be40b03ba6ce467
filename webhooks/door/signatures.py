"""Checks the vendors' signatures: over the raw bytes, in constant time, with any of several active secrets."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qs, urlsplit

from webhooks.door.refusal import Reason, Refused
from webhooks.models.fingerprint import fingerprint

# Retell's own SDK allows the same five minutes, inclusive, on both sides.
RETELL_TOLERANCE_MS = 300_000
_RETELL_HEADER = re.compile(r"v=([0-9]{1,15}),d=([0-9a-f]{64})")
# Cal.com sends this instead of a signature when the webhook has no secret.
_CALCOM_UNSIGNED = "no-secret-provided"
_TWILIO_HASHES = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}


def verify_retell(body: bytes, header: str, secrets: Sequence[str], now_ms: int) -> str:
    """Check `X-Retell-Signature: v=<unix ms>,d=<lower-case hex>`; a secret is the API key with the webhook badge.

    Returns the fingerprint of the secret that matched. Raises `Refused`.
    """
    _require(header, secrets)
    match = _RETELL_HEADER.fullmatch(header)
    if match is None:
        raise Refused(Reason.BAD_SIGNATURE)
    timestamp, digest = match.groups()
    matched = _matching(digest, ((secret, _hex(secret, body + timestamp.encode())) for secret in secrets))
    if int(timestamp) < now_ms - RETELL_TOLERANCE_MS:
        raise Refused(Reason.STALE)
    if int(timestamp) > now_ms + RETELL_TOLERANCE_MS:
        raise Refused(Reason.FUTURE)
    return matched


def verify_calcom(body: bytes, header: str, secrets: Sequence[str]) -> str:
    """Check `X-Cal-Signature-256`: lower-case hex of the body alone, no prefix, no timestamp."""
    if header == _CALCOM_UNSIGNED:
        raise Refused(Reason.MISSING_SIGNATURE)
    _require(header, secrets)
    return _matching(header, ((secret, _hex(secret, body)) for secret in secrets))


def verify_twilio(
    url: str,
    fields: Iterable[tuple[str, str]],
    header: str,
    secrets: Sequence[str],
    algorithm: str = "HMAC_SHA1",
    json_body: bytes | None = None,
) -> str:
    """Check `X-Twilio-Signature`: base64 over the public URL and the decoded form fields, sorted by name.

    A JSON body is covered by the URL's `bodySHA256`, which must then be there. Twilio is inconsistent about
    the port in the URL, so it is tried with and without, as in its own SDK.
    """
    _require(header, secrets)
    hash_function = _TWILIO_HASHES.get(algorithm)
    if hash_function is None or (json_body is not None and not _body_hash_matches(url, json_body)):
        raise Refused(Reason.BAD_SIGNATURE)
    text = "".join(name + value for name, value in sorted(set(fields)))

    def sign(secret: str, spelling: str) -> str:
        message = (spelling + text).encode("utf-8", "surrogatepass")
        return base64.b64encode(hmac.digest(secret.encode(), message, hash_function)).decode()

    spellings = _spellings(url)
    return _matching(header, ((secret, sign(secret, each)) for secret in secrets for each in spellings))


def twilio_settings(header: str) -> tuple[str, str]:
    """Key id and algorithm of `X-Twilio-Webhooks-Signature-Settings: key=<id>,algorithm=HMAC_SHA256`.

    Without the header the auth token signs with SHA1, and the id is empty. Raises `Refused`.
    """
    if not header:
        return "", "HMAC_SHA1"
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    if set(parts) != {"key", "algorithm"}:
        raise Refused(Reason.BAD_SIGNATURE)
    return parts["key"], parts["algorithm"]


def _require(header: str, secrets: Sequence[str]) -> None:
    if not header:
        raise Refused(Reason.MISSING_SIGNATURE)
    if not any(secrets):
        raise Refused(Reason.NOT_CONFIGURED)


def _matching(given: str, expected: Iterable[tuple[str, str]]) -> str:
    """Compare with all, never stopping early, so that time does not reveal which secret or character matched."""
    digest = given.encode("utf-8", "surrogatepass")
    matched = [secret for secret, right in expected if hmac.compare_digest(right.encode(), digest) and secret]
    if not matched:
        raise Refused(Reason.BAD_SIGNATURE)
    return fingerprint(matched[0])


def _hex(secret: str, message: bytes) -> str:
    return hmac.digest(secret.encode(), message, "sha256").hex()


def _body_hash_matches(url: str, body: bytes) -> bool:
    stated = parse_qs(urlsplit(url).query).get("bodySHA256", [""])[0]
    return hmac.compare_digest(hashlib.sha256(body).hexdigest().encode(), stated.encode("utf-8", "surrogatepass"))


def _spellings(url: str) -> list[str]:
    parts = urlsplit(url)
    bare = parts.netloc.rsplit(":", 1)[0] if parts.port else parts.netloc
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return [parts._replace(netloc=netloc).geturl() for netloc in (bare, f"{bare}:{port}")]
