"""Every page of the console: found by its site's URLs, so that a new page is measured by itself.

What an address needs is taken from the rows there are. The links of a page to itself are followed as well: filters,
facets, orders, periods and pages of lists.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone

from askpro.console import runbook
from askpro.console.fleet_acts import ACTS
from askpro.console.repair.kinds import kinds
from askpro.queues.models import Job

# What a page is not: it ends the session, is about no row, or is Django's own.
LEFT_OUT = {"login", "logout", "jsi18n", "view_on_site", "language", "reveal"}
# Pages of companies' managers, which an operator cannot open; they have a few rows.
LEFT_OUT |= {"logins", "logins_add", "logins_change", "logins_password"}
# Of links that differ only by what they choose, so many are followed.
LINKS_OF_A_KIND: Final = 3
# What people type.
TERMS: Final = (
    "Groß",
    "ays mull",
    "+4915200000007",
    "gast7@example.org",
    "uid77",
    "12345",
    "booking",
    "29.11.2026",
    "xyzzy",
)
# What people type to find jobs and events that went wrong.
SAID: Final = ("503", "call_id=17", "call:17", "xyzzy")
_LINK: Final = re.compile(r'href="([^"#]*\?[^"#]+)"')


@dataclass(frozen=True, slots=True)
class Address:
    """`page` is the name of its URL. A file is asked for by what is sent (`posted`)."""

    page: str
    path: str
    posted: Mapping[str, str] = field(default_factory=dict, hash=False)


def addresses() -> Iterator[Address]:
    """Every page, once for each row it should be tried with, and with what people type into its fields."""
    for route, pattern in _patterns(admin.site.get_urls()):
        name = pattern.name or ""
        if name in LEFT_OUT or not name:
            continue
        for held in _held(route, pattern):
            path = reverse(f"admin:{name}", kwargs=held)
            yield from _asked(name, path, held)


def links(address: Address, page: str) -> Iterator[Address]:
    """The links of a page's text to itself; of those that choose by the same names, the first few."""
    seen: Counter[frozenset[str]] = Counter()
    own = urlsplit(address.path)
    for link in dict.fromkeys(unescape(found) for found in _LINK.findall(page)):
        parts = urlsplit(link)
        if parts.netloc or parts.path not in ("", own.path) or parts.query == own.query:
            continue
        names = frozenset(name for name, _ in parse_qsl(parts.query))
        seen[names] += 1
        if seen[names] <= LINKS_OF_A_KIND:
            yield Address(address.page, f"{own.path}?{parts.query}")


def _patterns(urls: Iterable[URLPattern | URLResolver], before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for each in urls:
        route = f"{before}{each.pattern}"
        if isinstance(each, URLResolver):
            yield from _patterns(each.url_patterns, route)
        else:
            yield route, each


def _held(route: str, pattern: URLPattern) -> list[dict[str, Any]]:
    """What the address is tried with. Raises `LookupError` where nobody has said what it needs."""
    names = set(pattern.pattern.regex.groupindex)
    if not names:
        return [{}]
    if names == {"object_id"}:
        app, model = route.split("/")[:2]
        return [{"object_id": row.pk} for row in samples(apps.get_model(app, model))]
    for needed, values in _known().items():
        if names == set(needed):
            return values
    raise LookupError(f"What is {', '.join(sorted(names))} in {route}? Say it here.")


def samples(model: type[Model]) -> list[Model]:
    """The newest row and the oldest, and the newest in each state."""
    rows = model._default_manager.order_by("-pk")
    found = [rows.first(), rows.last()]
    for name in ("status", "state"):
        states = {each.name: each for each in model._meta.fields}.get(name)
        found += [rows.filter(**{name: value}).first() for value, _ in (states.choices or () if states else ())]
    return list({row.pk: row for row in found if row is not None}.values())


def _known() -> dict[tuple[str, ...], list[dict[str, Any]]]:
    job = Job.objects.filter(chain_id__isnull=False).order_by("-id").first()
    return {
        ("job_id",): [{"job_id": row.pk} for row in samples(Job)],
        ("chain_id",): [{"chain_id": job.chain_id}] if job else [],
        ("kind_name",): [{"kind_name": kind.name} for kind in kinds()],
        ("kind_name", "verb_name"): [
            {"kind_name": kind.name, "verb_name": verb.name} for kind in kinds() for verb in kind.verbs
        ],
        ("code",): [{"code": code} for code in [*runbook.sections()][:1]],
        ("verb",): [{"verb": verb} for verb in ACTS],
        ("app_label",): [
            {"app_label": label} for label in sorted({model._meta.app_label for model in admin.site._registry})
        ],
        ("id",): [{"id": pk} for pk in User.objects.order_by("pk").values_list("pk", flat=True)[:1]],
    }


def _asked(name: str, path: str, held: dict[str, Any]) -> Iterator[Address]:
    """The page as it is, and with what is typed on it; of a file, its beginning."""
    if name.endswith("_export"):
        today = timezone.localdate().isoformat()
        first = timezone.localdate().replace(day=1).isoformat()
        yield Address(f"{name}, first byte", path, {"first": first, "last": today, "form": "csv"})
    yield Address(name, path)
    if name == "search":
        yield from (Address(name, f"{path}?s={term}") for term in _terms())
    elif name.endswith("_changelist"):
        yield from (Address(name, f"{path}?q={term}") for term in _terms())
    elif name == "fleet_act":
        yield Address(name, f"{path}?kind=queue&name=low")
    elif name == "repair":
        kind = next(each for each in kinds() if each.name == held["kind_name"])
        for text in kind.texts:
            yield from (Address(name, f"{path}?{text.name}={said}") for said in SAID)


def _terms() -> Iterator[str]:
    job = Job.objects.order_by("-id").first()
    yield from (quote(term) for term in (*TERMS, *([str(job.pk)] if job else [])))
