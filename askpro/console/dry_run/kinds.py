"""What can be tried. Apps enter theirs from their admin pages, which every process loads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from askpro.console.permissions import May
from askpro.language.text import Text
from askpro.queues.jobs.following import Following
from askpro.queues.jobs.rehearsing import Rehearsed
from askpro.queues.ledger.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Kind:
    """`run(row)` is what would be done, in the transaction that is rolled back; `explain` says so to people. `then(row,
    outcome)` is what would become of other jobs if it ended so.
    """

    name: str
    model: type[Model]
    permission: May
    explain: Text
    possible: Callable[[Any], bool]
    run: Callable[[Any], Rehearsed]
    then: Callable[[Any, Outcome], list[Following]] | None = None


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Enter a kind; its name is taken once."""
    if kind.name in _kinds:
        raise ValueError(f"{kind.name} is a kind already.")
    return _kinds.setdefault(kind.name, kind)


def kind_of(name: str) -> Kind:
    """Raises `KeyError`."""
    return _kinds[name]
