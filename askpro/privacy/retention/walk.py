"""Goes through one table in the order of its ids, a few hundred rows at a time, and clears what is over its time."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import BigIntegerField, BooleanField, Case, F, ProtectedError, Q, QuerySet, Value, When

from askpro.privacy.retention.days import Days
from askpro.privacy.retention.shelves import Shelf

AT_ONCE: Final = 500


@dataclass(slots=True)
class Counts:
    """What became of rows that are over their time; see `RetentionCount`."""

    deleted: int = 0
    blanked: int = 0
    held: int = 0
    left: int = 0

    def __iadd__(self, other: "Counts") -> "Counts":
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self


@dataclass(slots=True)
class Bite:
    """What one page of rows gave: counts by company, and where to go on; None at the end of the table."""

    place: int | None
    counts: dict[int | None, Counts] = field(default_factory=lambda: defaultdict(Counts))


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk through one table, judged by the moment `now`. `is_dry` only counts."""

    shelf: Shelf
    days: Days
    now: datetime
    company_id: int | None = None
    is_dry: bool = False

    def bite(self, place: int) -> Bite:
        """Read the page after this id and clear what is over its time, in the caller's transaction.

        Rows that another transaction holds, or that are worked on again by now, are left.
        """
        page = list(self._page(place))
        bite = Bite(None)
        due: dict[Any, int | None] = {}
        for pk, company_id, age, is_over, is_held in page:
            if not self.days.is_over(company_id, age, self.now):
                continue
            if is_held:
                bite.counts[company_id].held += 1
            elif is_over:
                due[pk] = company_id
            else:
                bite.counts[company_id].left += 1
        cleared = set(due) if self.is_dry else self._clear(due)
        for pk, company_id in due.items():
            self._count(bite.counts[company_id], pk in cleared)
        bite.place = self._next(page, bool(cleared))
        return bite

    def _next(self, page: list[Any], has_cleared: bool) -> int | None:
        """Where the walk goes on; None when it is at the end."""
        if len(page) < AT_ONCE:
            return None
        if self.shelf.numbered:
            return int(page[-1][0])
        # What was cleared is there no more, so the next page is the first one again.
        return 0 if has_cleared and not self.is_dry else None

    def _count(self, counts: Counts, is_cleared: bool) -> None:
        if not is_cleared:
            counts.left += 1
        elif self.shelf.deletes:
            counts.deleted += 1
        else:
            counts.blanked += 1

    def _page(self, place: int) -> QuerySet[Any, Any]:
        youngest = self.days.youngest(self.now)
        rows = self.shelf.rows().filter(**{f"{self.shelf.age}__lt": youngest or self.now})
        if self.shelf.numbered:
            rows = rows.filter(pk__gt=place)
        if youngest is None:
            rows = rows.none()
        if self.company_id is not None:
            rows = rows.filter(**{self.shelf.company or "pk__in": self.company_id if self.shelf.company else ()})
        company = F(self.shelf.company) if self.shelf.company else Value(None, output_field=BigIntegerField())
        rows = rows.annotate(over_now=_whether(self.shelf.over), held_now=_whether(self.shelf.held()))
        rows = rows.order_by("pk" if self.shelf.numbered else self.shelf.age)
        # A dry walk of rows without numbers would read the same page for ever.
        most = None if self.is_dry and not self.shelf.numbered else AT_ONCE
        return rows.values_list("pk", company, self.shelf.age, "over_now", "held_now")[:most]

    def _clear(self, due: Iterable[Any]) -> set[Any]:
        if not due:
            return set()
        still = self.shelf.rows().filter(self.shelf.over, pk__in=[*due]).exclude(self.shelf.held())
        keys = still.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)
        free = set(keys)
        rows = self.shelf.model._default_manager.filter(pk__in=free)
        if not self.shelf.deletes:
            rows.update(**self.shelf.blanks)
            return free
        try:
            with transaction.atomic():
                rows.delete()
        except ProtectedError as error:
            return self._delete_others(free, error)
        return free

    def _delete_others(self, free: set[Any], error: ProtectedError) -> set[Any]:
        """Delete those that no other row needs."""
        gone = set()
        for pk in sorted(free):
            try:
                with transaction.atomic():
                    self.shelf.model._default_manager.filter(pk=pk).delete()
            except ProtectedError:
                continue
            gone.add(pk)
        return gone


def _whether(condition: Any) -> Case | Value:
    if condition == Q():
        return Value(True, output_field=BooleanField())
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())
