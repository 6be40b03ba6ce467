"""The site as its readers walk it: from some pages over their links, one page of each address in the site's table."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import Final
from urllib.parse import urldefrag, urljoin, urlsplit

from django.contrib import admin
from django.db.models import Model
from django.http import Http404
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

# A link, and a form that only asks for a page.
LINK: Final = re.compile(r'<a\b[^>]*?\bhref="([^"]+)"|<form\b(?=[^>]*\bmethod="get")[^>]*?\baction="([^"]+)"')
OK: Final = 200
# They lead out, or answer to scripts.
LEFT_OUT: Final = ("admin:logout", "admin:jsi18n", "admin:view_on_site", "admin:autocomplete", "admin:language")


@dataclass(frozen=True, slots=True)
class Found:
    """A page: the name of its address in the site's table, and where it is."""

    name: str
    address: str


def walk(client: Client, beginnings: Iterable[str]) -> Iterator[Found]:
    """Every kind of page that links lead to, as it is met. The beginnings are all read, the first of a kind is met."""
    named = list(beginnings)
    waiting = deque(named)
    met: set[str] = set()
    seen: set[str] = set()
    while waiting:
        address = waiting.popleft()
        name = name_of(address)
        if address in seen or not name or name in LEFT_OUT or (name in met and address not in named):
            continue
        seen.add(address)
        answer = client.get(address)
        if answer.status_code != OK or not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        if name not in met:
            met.add(name)
            yield Found(name, address)
        waiting.extend(links(answer.content.decode(), address))


def one_in_each_state() -> Iterator[str]:
    """The pages of rows, one in each state: what can be done to a row depends on it."""
    for model in admin.site._registry:
        states = {field.name for field in model._meta.concrete_fields} & {"status", "state"}
        for name in states:
            rows = model._default_manager.order_by(name, "-pk").distinct(name)
            yield from (page_of(row) for row in rows)


def page_of(row: Model) -> str:
    """Its page in the console."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def links(page: str, address: str) -> Iterator[str]:
    """Where a page's links lead, within the site."""
    for link, form in LINK.findall(page):
        whole = urlsplit(urldefrag(urljoin(address, unescape(link or form))).url)
        if not whole.netloc and whole.path.startswith("/"):
            yield f"{whole.path}?{whole.query}" if whole.query else whole.path


def name_of(address: str) -> str:
    """The name of an address in the site's table; empty without any."""
    try:
        return resolve(urlsplit(address).path).view_name
    except Http404:
        return ""


def names() -> set[str]:
    """The names of all addresses that the site has."""
    return set(_names(get_resolver().url_patterns, ""))


def _names(patterns: Iterable[URLPattern | URLResolver], space: str) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _names(pattern.url_patterns, inner)
        elif pattern.name:
            yield f"{space}{pattern.name}"
