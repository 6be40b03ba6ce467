"""No codec that a header names makes the answer a server error."""

import encodings
import pkgutil
from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest

from askpro.incoming.charset import readable
from askpro.wsgi import application

CODECS = sorted({name for _, name, _ in pkgutil.iter_modules(encodings.__path__)})


def ask(content_type: str) -> int:
    said: list[str] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/health/live",
        "QUERY_STRING": "q=%2B2AA-%5Cud800&x=%ff",
        "CONTENT_TYPE": content_type,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.input": BytesIO(),
        "wsgi.url_scheme": "http",
    }
    list(readable(django)(environ, lambda status, headers, *rest: said.append(status)))
    return int(said[0][:3])


def django(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """What Django does first, without a database."""
    request = WSGIRequest(environ)
    start_response("200 OK", [])
    return [str(len(request.GET)).encode()]


def test_the_server_has_it() -> None:
    assert application.__qualname__.startswith("readable.")


def test_every_codec_is_answered() -> None:
    """`hex`, `utf_16` and others are used in the request's constructor, before anything could catch the error."""
    answers = {name: ask(f"text/plain; charset={name}") for name in CODECS}

    assert set(answers.values()) <= {200, 400}
    assert answers["hex_codec"] == answers["utf_7"] == 400
    assert ask("text/plain; charset=\x00") == 400
    assert answers["utf_8"] == answers["latin_1"] == 200


@pytest.mark.parametrize("said", ["", "text/plain", "text/plain; charset=", "x; charset=nonsense", ";"])
def test_what_names_no_codec_is_read_as_utf_8(said: str) -> None:
    assert ask(said) == 200
