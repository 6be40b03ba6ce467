"""Pages of the console by their names, and kinds of jobs by theirs."""

from collections.abc import Iterator
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from dramatiq import get_broker

from askpro.console.search.hit import Hit
from askpro.console.term import Term
from askpro.console.unfold import NAVIGATION, may_open
from calls.text import fold

MOST: Final = 5
SHORTEST: Final = 3


def pages(request: HttpRequest, term: Term) -> list[Hit]:
    """The entries of the navigation whose titles, in the reader's language, have a word that begins like this."""
    typed = fold(term.text)
    if len(typed) < SHORTEST:
        return []
    found = [
        Hit(str(entry["title"]), " · ".join((_("Page"), *group)), str(entry["link"]), entry["icon"])
        for group, entry in _entries(request)
        if f" {typed}" in f" {fold(str(entry['title']))}"
    ]
    return found[:MOST]


def jobs(request: HttpRequest, term: Term) -> list[Hit]:
    """The kinds of jobs with this in their name; their list shows those that there are."""
    typed = fold(term.text).replace(" ", "_")
    if len(typed) < SHORTEST or not request.user.has_perm("queues.view_job"):
        return []
    address = reverse("admin:queues_job_changelist")
    names = sorted(name for name in get_broker().actors if typed in name)
    return [Hit(name, _("Kind of job"), f"{address}?{urlencode({'q': name})}", "settings") for name in names[:MOST]]


def _entries(request: HttpRequest) -> Iterator[tuple[list[str], dict[str, Any]]]:
    for group in NAVIGATION:
        for entry in group["items"]:
            if may_open(entry, request):
                yield [str(group["title"])] if group.get("title") else [], entry
