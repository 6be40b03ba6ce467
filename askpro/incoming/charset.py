"""Requests are read in UTF-8. Django decodes URLs and forms with the codec that a header names, before any view or
middleware can object: a codec that is not for text, such as `hex`, would end in a server error (500)."""

import codecs
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.http import parse_header_parameters

# By Python's names. In all of these, URLs and the keys of forms are plain ASCII.
READABLE = {"utf-8", "ascii", "iso8859-1", "cp1252"}


def readable(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Wrap the WSGI application: 400 for any other codec that Python knows; a name that it does not know is ignored."""

    def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if _codec(environ.get("CONTENT_TYPE", "")) in READABLE:
            return application(environ, start_response)
        start_response("400 Bad Request", [("Content-Type", "text/plain")])
        return [b"Ask in UTF-8."]

    return guarded


def _codec(content_type: str) -> str:
    try:
        return codecs.lookup(parse_header_parameters(content_type)[1].get("charset", "utf-8")).name
    except LookupError:
        return "utf-8"
    except ValueError:
        # The name contains a NUL, and Django would look it up as well.
        return ""
