"""A filter: read from an address, written as one, and kept as a snapshot with the repair that was asked for by it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from askpro.console.nonsense import Nonsense
from askpro.console.repair.kinds import Repairable
from askpro.console.repair.moments import read_moment, written

# A page has 50 rows, and somebody may come with a list from elsewhere.
MOST_IDS: Final = 500
LONGEST: Final = 200
FROM: Final = "from"
TO: Final = "to"
ID: Final = "id"


@dataclass(slots=True)
class Chosen:
    """What the rows have in common: each part that is there narrows them further.

    `typed` is what the address said, by name; `errors` has a sentence for each part that means nothing. While there is
    one, no row matches: a part that is left out in silence would look like an answer.
    """

    kind: Repairable
    typed: dict[str, str] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    since: datetime | None = None
    until: datetime | None = None
    errors: dict[str, str | Promise] = field(default_factory=dict)
    conditions: list[Q] = field(default_factory=list)

    @classmethod
    def of(cls, kind: Repairable, said: QueryDict) -> "Chosen":
        """Read from an address; what is empty is left out."""
        names = [FROM, TO, *(facet.name for facet in kind.facets), *(text.name for text in kind.texts)]
        typed = {name: said.get(name, "").strip() for name in names}
        return cls.read(kind, {name: text for name, text in typed.items() if text}, said.getlist(ID))

    @classmethod
    def read(cls, kind: Repairable, typed: Mapping[str, str], ids: list[str]) -> "Chosen":
        """Read from a snapshot, or from the parts of an address."""
        if any(len(text) > LONGEST for text in typed.values()) or len(ids) > MOST_IDS:
            raise Nonsense(_("This filter is longer than any that is meant."))
        chosen = cls(kind, dict(typed), [str(each) for each in ids])
        chosen._read_moments()
        chosen._read_facets()
        chosen._read_texts()
        chosen._read_ids()
        return chosen

    def of_rows(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the rows that match."""
        return rows.none() if self.errors else rows.filter(*self.conditions)

    @property
    def is_empty(self) -> bool:
        return not (self.typed or self.ids)

    @property
    def snapshot(self) -> dict[str, Any]:
        """What is kept of it; `read` makes the same filter of that on any day."""
        return {"typed": self._exact(), "ids": self.ids}

    @property
    def query(self) -> str:
        """The filter as an address, which means the same on another day."""
        return urlencode([*self._exact().items(), *((ID, key) for key in self.ids)])

    def with_part(self, name: str, value: str) -> str:
        """The address of this filter with one part set, or with "" left out."""
        parts = {**self._exact(), name: value}
        return urlencode({key: text for key, text in parts.items() if text})

    def _exact(self) -> dict[str, str]:
        ends = {FROM: self.since, TO: self.until}
        return {**self.typed, **{name: written(at) for name, at in ends.items() if at is not None}}

    def _read_moments(self) -> None:
        self.since, self.until = self._moment(FROM), self._moment(TO)
        if self.since and self.until and self.since >= self.until:
            self.errors[TO] = _("The end lies before the beginning.")
        ends = {"gte": self.since, "lt": self.until}
        self.conditions += [Q(**{f"{self.kind.moment}__{how}": at}) for how, at in ends.items() if at]

    def _moment(self, name: str) -> datetime | None:
        text = self.typed.get(name, "")
        found = read_moment(text, is_end=name == TO) if text else None
        if text and found is None:
            self.errors[name] = _("“%(text)s” is no moment. Write it as 29.11.2026 09:00 or 2026-11-29 09:00.") % {
                "text": text[:40]
            }
        return found

    def _read_facets(self) -> None:
        for facet in self.kind.facets:
            if value := self.typed.get(facet.name, ""):
                condition = facet.condition(value)
                if condition is None:
                    self.errors[facet.name] = _("Nothing has the value “%(value)s”.") % {"value": value[:40]}
                else:
                    self.conditions.append(condition)

    def _read_texts(self) -> None:
        for text in self.kind.texts:
            if value := self.typed.get(text.name, ""):
                try:
                    self.conditions.append(text.condition(value))
                except ValueError as error:
                    self.errors[text.name] = str(error)

    def _read_ids(self) -> None:
        if not self.ids:
            return
        key = self.kind.model._meta.pk
        try:
            keys = [key.clean(each, None) for each in self.ids]
        except ValidationError as error:
            raise Nonsense(_("No such row can be selected.")) from error
        self.conditions.append(Q(pk__in=keys))
