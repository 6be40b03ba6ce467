"""What a vendor sent, made readable without being believed."""

import json
import re
from urllib.parse import parse_qsl

from django.utils.translation import gettext as _

from askpro.console import display

LONGEST = 200_000
DEEPEST = 24
# A string that nobody closed runs to the end: no token begun is ever given up, so nothing is read twice.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[{}\[\],:]|[^\s{}\[\],:"]++', re.DOTALL)


def readable(body: bytes, content_type: str = "") -> str:
    """The body indented (JSON) or one field a line (a form); as it came when it is neither. Long ones are cut."""
    text = body[:LONGEST].decode("utf-8", "replace").replace("\x00", "\ufffd")
    cut = "" if len(body) <= LONGEST else _cut(len(body))
    if "form-urlencoded" in content_type:
        return "\n".join(f"{key} = {value}" for key, value in parse_qsl(text, keep_blank_values=True)) + cut
    return (indented(text) if text.lstrip()[:1] in ("{", "[") else text) + cut


def _cut(length: int) -> str:
    return "\n" + _("… cut here; %(count)s bytes in all.") % {"count": display.number(length)}


def pretty(value: object) -> str:
    """A stored JSON value, indented."""
    return indented(json.dumps(value, ensure_ascii=False, default=str))


def indented(text: str) -> str:
    """JSON text with line breaks and indents, token by token: big numbers stay exact, depth costs no recursion."""
    # Joined once: adding to a text copies it each time.
    parts: list[str] = []
    depth = 0
    for token in _TOKEN.findall(text):
        if token in "{[":
            depth += 1
            parts += token, _break(depth)
        elif token in "}]":
            depth = max(depth - 1, 0)
            _close(parts, token, depth)
        elif token == ",":
            parts += token, _break(depth)
        else:
            parts.append(": " if token == ":" else _spelled_out(token))
    return "".join(parts)


def _close(parts: list[str], token: str, depth: int) -> None:
    """Write a closing bracket: after the one that it closes where nothing stands between, else on its own line."""
    if parts and parts[-1].startswith("\n"):
        parts.pop()
        if parts[-1] in "{[":
            parts.append(token)
            return
    parts += _break(depth), token


def _break(depth: int) -> str:
    return "\n" + "  " * min(depth, DEEPEST)


def _spelled_out(token: str) -> str:
    r"""A string with "\u00fc" as "ü"; unchanged when it holds what UTF-8 cannot carry."""
    if "\\u" not in token:
        return token
    try:
        spelled = json.dumps(json.loads(token), ensure_ascii=False)
        spelled.encode("utf-8")
    except ValueError:
        return token
    return spelled
