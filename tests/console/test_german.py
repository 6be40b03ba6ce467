"""Every page in German: nothing that it says of itself is English, and no known sentence is told as it is stored."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any, Final

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from askpro.console import state_names
from askpro.console.repair.kinds import kinds
from askpro.console.site import PAGES
from askpro.language import catalogue
from askpro.language.text import Text
from calls.models import Call
from calls.placing import with_elsewhere
from tests.console.test_pages import MODELS, list_of, page_of
from tests.console.world import World

GERMAN: Final = {"HTTP_ACCEPT_LANGUAGE": "de"}
# What programs wrote, or code.
UNREAD: Final = {"script", "style", "code", "pre", "svg"}
EMPTY: Final = {"input", "img", "br", "link", "meta", "hr", "path", "rect", "line", "polyline", "col"}
# Words of machines that are sentences of the console elsewhere: names of queues and pools, of vendors' fields.
NAMES: Final = {
    *("Filter", "Host", "Export", "Address", "all", "queue", "high", "low", "default", "critical", "sms", "email"),
    *("test", "open", "sent", "failed", "reminders", "reports", "uid"),
}
# They keep what was sent, in the language of alerts.
SENT: Final = {"watch.Notice"}
# Two of these in a text that has no German word: somebody wrote it in English.
ENGLISH_WORDS: Final = frozenset(
    (
        *("the", "is", "are", "was", "were", "of", "and", "not", "it", "its", "this", "that", "has", "have", "with"),
        *("from", "by", "for", "until", "which", "nobody", "waits", "does", "did", "no", "more", "than", "been"),
        *("there", "only", "other"),
    )
)
GERMAN_WORDS: Final = frozenset(
    (
        *("der", "die", "das", "den", "dem", "ist", "sind", "war", "und", "nicht", "es", "ein", "eine", "einen"),
        *("zu", "mit", "von", "für", "auf", "bis", "kein", "keine", "wird", "werden"),
    )
)


def known() -> frozenset[str]:
    """The sentences whose German differs, without those that have places."""
    found = set()
    for message in catalogue.read():
        if isinstance(message.id, str) and message.id and message.string != message.id and "%(" not in message.id:
            found.add(message.id)
    return frozenset(found) - NAMES


KNOWN: Final = known()


class Reader(HTMLParser):
    """What of a page a person reads, text by text."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.texts += [held[name] or "" for name in ("title", "aria-label", "placeholder") if name in held]
        if tag not in EMPTY:
            self._inside.append("code" if "material-symbols" in (held.get("class") or "") else tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not UNREAD.intersection(self._inside):
            self.texts.append(data)


def english_in(page: str) -> list[str]:
    reader = Reader()
    reader.feed(page)
    bare = {" ".join(text.split()) for text in reader.texts}
    return sorted(text for text in bare if text in KNOWN or text.rstrip(":") in KNOWN or is_english(text))


def is_english(text: str) -> bool:
    words = re.findall(r"(?<![\w.])[^\W\d_]+(?![\w])", text.lower())
    return sum(word in ENGLISH_WORDS for word in words) >= 2 and GERMAN_WORDS.isdisjoint(words)


def addresses(world: World) -> Iterator[str]:
    """Every list, form, row and question of the console, and every page that is about no table."""
    yield from ("/admin/", "/admin/board/act/pause/?queue=high", "/admin/board/act/stop/", "/admin/queues/job/?page=0")
    yield from (reverse(f"admin:{page.name}") for page in PAGES if "<" not in page.address)
    yield from (reverse("admin:person"), reverse("admin:calendar"), "/admin/none/")
    for kind in kinds():
        yield reverse("admin:repair", args=[kind.name])
        yield from (reverse("admin:repair_act", args=[kind.name, verb.name]) for verb in kind.verbs)
    for model in MODELS:
        if model._meta.label not in SENT:
            yield from _of(model)


def _of(model: type[Model]) -> Iterator[str]:
    shown: Any = admin.site._registry[model]
    yield list_of(model)
    yield f"{list_of(model)}add/"
    rows = with_elsewhere(Call.objects.all()) if model is Call else model._default_manager.all()
    for row in rows.order_by("pk")[:2]:
        yield page_of(row)
        acts = (act for act in getattr(shown, "acts", ()) if act.possible(row))
        yield from (f"{page_of(row).removesuffix('change/')}{act.name}/" for act in acts)


class Names(dict[str, Text]):
    """The names of states; it notes which were looked up in vain, and would show as their codes."""

    def __init__(self) -> None:
        super().__init__(state_names.NAMES)
        self.missing: set[str] = set()

    def get(self, state: str, default: Any = None) -> Any:
        if state and state not in self:
            self.missing.add(state)
        return super().get(state, default)


def test_every_page_is_german(admin_client: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    found, names = [], Names()
    monkeypatch.setattr(state_names, "NAMES", names)
    for address in addresses(world):
        answer = admin_client.get(address, **GERMAN)
        if answer.status_code in (200, 400, 404):
            found += [f"{address}: {text}" for text in english_in(answer.content.decode())]

    assert not found, "\n".join(found)
    assert not names.missing, "name them in askpro/console/state_names.py"


def test_it_would_see_english() -> None:
    assert english_in('<p class="x">Nothing <!-- --> is\n</p><b>Nothing is\n paused.</b>') == ["Nothing is paused."]
    assert english_in("<p>Its worker is gone and not back.</p><pre>It is the end of it.</pre>") == [
        "Its worker is gone and not back."
    ]
    assert english_in("<p>Es ist is of it.</p><p>Salon of Käthe</p><p>jobs: wait_for_it, is_it_the_end</p>") == []
