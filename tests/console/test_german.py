"""Every page in German: no sentence that has its German is shown in English."""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from askpro.console.site import PAGES
from askpro.language import catalogue
from tests.console.world import World

# Until what it still finds is mended.
pytestmark = pytest.mark.long

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
GERMAN: Final = {"HTTP_ACCEPT_LANGUAGE": "de"}
# What programs wrote, or code.
UNREAD: Final = {"script", "style", "code", "pre", "svg"}
# Words of machines that are sentences of the console elsewhere: names of queues and pools, of vendors' fields.
NAMES: Final = {
    *(
        "Filter",
        "Host",
        "Export",
        "Address",
        "all",
        "queue",
        "high",
        "low",
        "default",
        "critical",
        "sms",
        "email",
        "test",
    ),
    *("open", "sent", "failed", "reminders", "reports"),
}


def english() -> frozenset[str]:
    """The sentences whose German differs, without those that have places."""
    found = set()
    for message in catalogue.read():
        if isinstance(message.id, str) and message.id and message.string != message.id and "%(" not in message.id:
            found.add(message.id)
    return frozenset(found) - NAMES


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.texts += [held[name] or "" for name in ("title", "aria-label", "placeholder") if name in held]
        if tag not in ("input", "img", "br", "link", "meta", "hr", "path", "rect", "line", "polyline", "col"):
            self._inside.append("code" if "material-symbols" in (held.get("class") or "") else tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not UNREAD.intersection(self._inside):
            self.texts.append(data)


def read(page: str) -> Iterator[str]:
    reader = Reader()
    reader.feed(page)
    for text in reader.texts:
        bare = " ".join(text.split())
        yield bare
        yield bare.rstrip(":")


ENGLISH: Final = english()


def addresses(model: type[Model]) -> Iterator[str]:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    yield reverse(f"{name}_changelist")
    row = model._default_manager.order_by("pk").first()
    if row is not None:
        yield reverse(f"{name}_change", args=[row.pk])


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_lists_and_pages_of_rows_are_german(admin_client: Client, world: World, model: type[Model]) -> None:
    for address in addresses(model):
        page = admin_client.get(address, **GERMAN).content.decode()
        assert sorted(ENGLISH.intersection(read(page))) == [], address


@pytest.mark.parametrize("page", [page for page in PAGES if "<" not in page.address], ids=lambda page: page.name)
def test_pages_of_no_single_table_are_german(admin_client: Client, world: World, page: object) -> None:
    address = reverse(f"admin:{page.name}")  # type: ignore[attr-defined]
    answer = admin_client.get(address, **GERMAN)
    if answer.status_code == 200:
        assert sorted(ENGLISH.intersection(read(answer.content.decode()))) == [], address


def test_today_and_the_acts_are_german(admin_client: Client, world: World) -> None:
    job = next(job for job in world.jobs if job.status == "dead")
    for address in (
        "/admin/",
        f"/admin/queues/job/{job.pk}/retry/",
        "/admin/board/act/pause/?queue=high",
        "/admin/board/act/stop/",
        "/admin/queues/job/?page=0",
    ):
        page = admin_client.get(address, **GERMAN).content.decode()
        assert '<html lang="de"' in page
        assert sorted(ENGLISH.intersection(read(page))) == [], address


def test_it_would_see_english() -> None:
    assert "Nothing is paused." in ENGLISH
    assert "Nothing is paused." in set(read('<p class="x">Nothing <!-- --> is\n</p><b>Nothing is\n paused.</b>'))
