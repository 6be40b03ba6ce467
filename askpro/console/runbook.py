"""The runbook as pages of the console: what a condition means, where to look, and what cures it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

FILE: Final = Path(settings.BASE_DIR) / "deploy" / "runbook.md"
_SECTION: Final = re.compile(r"^## (\S+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_CODE_BLOCK: Final = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What the file uses within its sentences, of text that is escaped already.
_LINK: Final = re.compile(r"\[([^\]]+)\]\(#([a-z_]+)\)")
_INLINE: Final = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"(?<!\*)\*([^*]+)\*(?!\*)"), r"<em>\1</em>"),
)


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or commands as they are typed."""

    text: SafeString | str
    is_code: bool = False


def board(request: HttpRequest, code: str) -> dict[str, Any]:
    """The context of one section's page."""
    if code not in sections():
        raise Http404
    return {"code": code, "blocks": list(_blocks(sections()[code]))}


@lru_cache(maxsize=1)
def sections() -> dict[str, str]:
    """Its sections by the codes of conditions; none where the installation lies without the file."""
    return dict(_SECTION.findall(FILE.read_text("utf-8"))) if FILE.is_file() else {}


def address_of(code: str) -> str:
    """Where a condition's section is read; empty for what has none."""
    return reverse("admin:runbook", args=[code]) if code in sections() else ""


def _blocks(section: str) -> Iterator[Block]:
    for place, text in enumerate(_CODE_BLOCK.split(section)):
        if place % 2:
            yield Block(text.rstrip("\n"), is_code=True)
            continue
        for paragraph in re.split(r"\n\s*\n", text):
            if paragraph.strip():
                yield Block(_sentences(" ".join(paragraph.split())))


def _sentences(paragraph: str) -> SafeString:
    html = str(escape(paragraph))
    for pattern, replacement in _INLINE:
        html = pattern.sub(replacement, html)
    html = _LINK.sub(lambda found: f'<a class="ap-link" href="{address_of(found[2])}">{found[1]}</a>', html)
    # Escaped above, and the file is ours.
    return mark_safe(html)  # noqa: S308
