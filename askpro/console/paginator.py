"""Pages over tables of any size."""

from typing import Any

from django.core.paginator import Paginator
from django.utils.functional import cached_property


class CappedPaginator(Paginator):
    """Counts no further than anybody pages, so that a list of millions opens as fast as one of a hundred."""

    template_name = "console/pagination.html"
    CAP = 10_000

    @cached_property
    def _seen(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: self.CAP + 1].count())

    @cached_property
    def count(self) -> int:
        return min(self._seen, self.CAP)

    @property
    def is_capped(self) -> bool:
        """There are more rows than `count` says."""
        return self._seen > self.CAP
