"""What waits until something appears, such as a number or a service; offered once it is there, with its repair.

Apps enter the kinds from their admin pages. The front page counts all that wait; a form that has saved a row tells how
many wait for just this one.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _

from askpro.console.scope import Scope
from askpro.console.today.counting import Count, counted

PREFIX: Final = "waits_"


@dataclass(frozen=True, slots=True)
class OfRow:
    """What of it waits for one saved row of `model`, in words for a number of them, and where these are repaired."""

    model: type[Model]
    rows: Callable[[Any], QuerySet[Any]]
    told: Callable[[Count], str]
    address: Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Wait:
    """`rows` wait, `told` says so for a number of them, and `address` is where they are repaired.

    Queries must read an index of rows that wait, so that they cost little however many rows there are.
    """

    name: str
    permission: str
    rows: Callable[[], QuerySet[Any]]
    told: Callable[[Count], str]
    address: Callable[[], str]
    of_row: OfRow | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One kind that waits, in words, with the page on which it is repaired."""

    name: str
    words: str
    address: str


_waits: dict[str, Wait] = {}


def register(*waits: Wait) -> None:
    """Enter kinds; they are offered in this order."""
    _waits.update({wait.name: wait for wait in waits})


def asked(user: Any) -> dict[str, QuerySet[Any]]:
    """The queries to be counted for the front page."""
    return {f"{PREFIX}{wait.name}": wait.rows() for wait in _for(user)}


def lines(user: Any, counts: Mapping[str, Count]) -> list[Line]:
    """What of it waits at all."""
    found = ((wait, counts.get(f"{PREFIX}{wait.name}", Count())) for wait in _for(user))
    return [Line(wait.name, wait.told(count), wait.address()) for wait, count in found if count]


def offer(request: HttpRequest, row: Model) -> None:
    """Tell the person who has saved a row what waits for it, with the way there."""
    wanted = {
        wait.name: wait.of_row
        for wait in _for(request.user)
        if wait.of_row is not None and isinstance(row, wait.of_row.model)
    }
    counts = counted({name: of_row.rows(row) for name, of_row in wanted.items()})
    for name, count in counts.items():
        if count:
            words, address = wanted[name].told(count), wanted[name].address(row)
            messages.info(request, format_html('{} <a href="{}">{}</a>', words, address, _("Look at them")))


def _for(user: Any) -> Iterable[Wait]:
    """Repairs go through the rows of all companies, so that only operators are led there."""
    if not Scope.of(user).is_whole:
        return []
    return [wait for wait in _waits.values() if user.has_perm(wait.permission)]
