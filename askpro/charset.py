"""Requests are read in UTF-8. Django decodes addresses and forms by whatever name a header gives, before any view or
middleware could object: a codec that is none of text, such as `hex`, would be an error of the server's."""

import codecs
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.http import parse_header_parameters

# As Python calls them. Addresses and keys of forms are ASCII in all of these.
READABLE = {"utf-8", "ascii", "iso8859-1", "cp1252"}


def readable(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """The WSGI application, with 400 for any other codec that Python knows; a name that it does not is ignored."""

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
        # A NUL, which Django would look up as well.
        return ""
