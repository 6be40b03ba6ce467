"""Reads the body of a request, before its signature is checked: type, length, whether it has a signature at all, then
the raw bytes."""

from collections.abc import Collection

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError

from webhooks.door.refusal import Reason, Refused


def read_body(request: HttpRequest, content_types: Collection[str], signature: str) -> bytes:
    """The raw bytes. All that the headers tell is checked before any byte is read; `signature` is the name of one.

    Raises `Refused`.
    """
    if request.content_type not in content_types:
        raise Refused(Reason.BAD_TYPE)
    length = _length(str(request.META.get("CONTENT_LENGTH") or ""))
    if not request.headers.get(signature):
        raise Refused(Reason.MISSING_SIGNATURE)
    try:
        # Not `request.body`: Django limits that to the size of forms, and a long call's transcript exceeds the limit.
        body = request.read(length)
    except UnreadablePostError as error:
        raise Refused(Reason.MALFORMED) from error
    if len(body) != length:
        raise Refused(Reason.MALFORMED)
    return body


def _length(stated: str) -> int:
    if not (stated.isascii() and stated.isdigit()):
        raise Refused(Reason.NO_LENGTH)
    # Twelve digits exceed any limit; converting many more would cost time.
    if len(stated) > 12 or int(stated) > settings.WEBHOOK_MAX_BYTES:
        raise Refused(Reason.TOO_LARGE)
    return int(stated)
