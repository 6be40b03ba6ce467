"""What can be repaired: each kind of rows with its filter, and with the verbs for it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, Protocol

from django.db.models import Case, CharField, Model, Q, QuerySet, Value, When
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from askpro.console.permissions import May

Words = str | Promise

# The verdict on a row for which the verb is none of its state's, and on one that is no more.
STATE: Final = "state"
GONE: Final = "gone"
# The order in which the kinds are offered.
ORDER: Final = ("failures", "jobs", "events", "messages", "follow-ups")
# In an address: rows in which the field of a facet is empty.
EMPTY: Final = "-"


@dataclass(frozen=True, slots=True)
class Facet:
    """A field whose values are counted, and of which one can be chosen.

    `path` is a field or an annotation of the kind's rows. Without one, the values are made of those of the facet `of`:
    `groups` says which of its values belong together.
    """

    name: str
    label: Words
    path: str = ""
    labels: Callable[[Iterable[Any]], Mapping[Any, Any]] = lambda values: {}
    is_number: bool = False
    of: str = ""
    groups: Callable[[], Mapping[str, Iterable[str]]] = dict

    def word(self, value: str) -> Any:
        """How a person reads a value that an address names."""
        if value == EMPTY:
            return gettext("none")
        key: Any = int(value) if self.is_number and value.isascii() and value.isdigit() and len(value) < 19 else value
        return self.labels([key]).get(key) or value

    def condition(self, value: str) -> Q | None:
        """The rows with this value; None where no row can have it."""
        if self.of:
            members = self.groups().get(value)
            return None if members is None else Q(**{f"{self.path}__in": [*members]})
        if value == EMPTY:
            return Q(**{self.path: ""}) if not self.is_number else Q(**{f"{self.path}__isnull": True})
        if self.is_number:
            return Q(**{self.path: int(value)}) if value.isascii() and value.isdigit() and len(value) < 19 else None
        return Q(**{self.path: value})


@dataclass(frozen=True, slots=True)
class Text:
    """A field of the filter that a person fills: `condition` raises `ValueError` with the sentence to show."""

    name: str
    label: Words
    hint: Words
    condition: Callable[[str], Q]


@dataclass(frozen=True, slots=True)
class Already:
    """Why a row that matches is left alone. `holds` gets what the person said (`Asked`)."""

    code: str
    sentence: Words
    holds: Callable[["Asked"], Q]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person said beside the filter: why, and for a verb that needs a time, when."""

    reason: str = ""
    at: datetime | None = None
    user: Any = None


@dataclass(frozen=True, slots=True)
class Verb:
    """`run(row, asked)` is conditional: it returns False when somebody was first.

    `possible` are the rows in a state for it; of these, the ones for which something in `already` holds are left, too.
    `outcome` says what came of a row since: "" while that is open. With it, one row can be tried before the others.
    With `forces` it goes past what keeps another verb from rows that are done already.
    """

    name: str
    label: Words
    icon: str
    explain: Words
    done: str
    permission: str
    possible: Q
    run: Callable[[Any, Asked], bool]
    otherwise: Words
    already: tuple[Already, ...] = ()
    asks_when: bool = False
    outcome: Callable[[str], "Outcome"] | None = None
    tries_first: bool = False
    forces: bool = False

    @property
    def permissions(self) -> tuple[str, ...]:
        """What a person needs, each of them, to use it on all that match."""
        return (May.BULK, self.permission, *([May.FORCE] if self.forces else []))

    @property
    def stands_apart(self) -> bool:
        """Whether the pages keep it away from the usual verbs: nobody shall choose it by a slip."""
        return self.forces or self.permission == May.PURGE

    @property
    def sentences(self) -> dict[str, Words]:
        """What each verdict means."""
        gone = _("It is not there any more.")
        return {each.code: each.sentence for each in self.already} | {STATE: self.otherwise, GONE: gone}

    def judged(self, rows: QuerySet[Any], asked: Asked) -> QuerySet[Any]:
        """The rows, each with its `verdict`: why it is left alone, or "" where it is done."""
        cases = [When(each.holds(asked), then=Value(each.code)) for each in self.already]
        possible = When(self.possible, then=Value(""))
        return rows.annotate(verdict=Case(*cases, possible, default=Value(STATE), output_field=CharField()))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a row that was done: `is_over` once that is known; `version` is that of the code that did it."""

    is_over: bool = False
    is_well: bool = False
    version: str = ""
    why: str = ""


class Repairable(Protocol):
    """A kind of rows that can be repaired: how it is named, what narrows it, what can be done, and how it is shown.

    `permission` lets somebody look at such rows. `moment` is the field that “from” and “to” mean; `heads` stand over
    what `cells` shows of a row.
    """

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> Words: ...
    @property
    def noun(self) -> Words: ...
    @property
    def empty(self) -> Words: ...
    @property
    def permission(self) -> str: ...
    @property
    def model(self) -> type[Model]: ...
    @property
    def moment(self) -> str: ...
    @property
    def moment_label(self) -> Words: ...
    @property
    def facets(self) -> Sequence[Facet]: ...
    @property
    def texts(self) -> Sequence[Text]: ...
    @property
    def verbs(self) -> Sequence[Verb]: ...
    @property
    def heads(self) -> Sequence[Words]: ...

    def rows(self) -> QuerySet[Any]:
        """The rows that a filter looks at, light enough for a list."""

    def find(self, key: str) -> QuerySet[Any]:
        """The row with this key, wherever it is."""
        return self.model._default_manager.filter(pk=key)

    def until(self, at: datetime) -> Q:
        """The rows that were as they are at this moment: those that have come since are not meant."""
        return Q(**{f"{self.moment}__lte": at})

    def cells(self, row: Any) -> list[Any]:
        """What the list shows of a row, under `heads`."""

    def named(self, row: Any) -> Any:
        """A row so that a person recognises it."""


_kinds: dict[str, Repairable] = {}


def register(kind: Repairable) -> Repairable:
    """Offer a kind for repair; apps do so from their admin pages, which every process loads."""
    _kinds[kind.name] = kind
    return kind


def kinds() -> list[Repairable]:
    """Every kind, in the order of `ORDER`."""
    return sorted(_kinds.values(), key=lambda kind: ORDER.index(kind.name) if kind.name in ORDER else len(ORDER))


def kind_of(name: str) -> Repairable:
    """Raises `Http404` for a name that no kind has."""
    if name not in _kinds:
        raise Http404
    return _kinds[name]


@cache
def label_of(kind_name: str, verb_name: str) -> Words:
    """What a verb is called, for lists: a kind makes its verbs anew whenever it is asked for them."""
    return verb_of(kind_of(kind_name), verb_name).label


def verb_of(kind: Repairable, name: str) -> Verb:
    """Raises `Http404` for a verb that the kind does not have."""
    for verb in kind.verbs:
        if verb.name == name:
            return verb
    raise Http404
