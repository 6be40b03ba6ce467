"""A list whose address is read strictly: what it cannot mean is refused, and never left out in silence."""

import re
from typing import Any

from django.contrib.admin import ChoicesFieldListFilter, ListFilter, RelatedFieldListFilter, SimpleListFilter
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from unfold.views import ChangeList

from askpro.console.membership import IsIn
from askpro.console.nonsense import Nonsense
from askpro.console.unfold import title_of

_PAGE = re.compile(r"[1-9][0-9]{0,6}", re.ASCII)
_ORDER = re.compile(r"-?[0-9]{1,2}(?:\.-?[0-9]{1,2})*", re.ASCII)


class ConsoleChangeList(ChangeList):
    """Refuses a page that cannot be, an order by a column that has none, and a choice that no filter offers.

    It is called what the menu calls it, and not “Select … to view”.
    """

    # Set by the base.
    result_list: Any

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        if PAGE_VAR in request.GET and not _PAGE.fullmatch(request.GET[PAGE_VAR]):
            raise Nonsense(_("There is no such page of this list."))
        super().__init__(request, *args, **kwargs)
        self.title = str(title_of(request.path) or capfirst(self.opts.verbose_name_plural))
        self.export_address = self.model_admin.export_address(request)

    def get_results(self, request: HttpRequest) -> None:
        """Where the order is no index's, choose the page's rows first: what is fetched with a row is then fetched for
        these, and not for all that were sorted.
        """
        super().get_results(request)
        if self.model_admin.list_sorts and self.result_list.query.is_sliced:
            self.result_list = self.queryset.filter(IsIn("pk", self.result_list.values("pk")))

    def get_filters(self, request: HttpRequest) -> Any:
        self._check_hierarchy()
        found = super().get_filters(request)
        for spec in found[0]:
            if not _is_offered(spec):
                raise Nonsense(_("The filter “%(filter)s” has no such choice.") % {"filter": spec.title})
        return found

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        if ORDER_VAR in self.params and not self._is_order(str(self.params[ORDER_VAR])):
            raise Nonsense(_("This list cannot be put in that order."))
        return super().get_ordering(request, queryset)

    def _check_hierarchy(self) -> None:
        """The parts of a date: Django computes with them before it looks at them."""
        for part, lowest, highest in (("year", 1900, 2999), ("month", 1, 12), ("day", 1, 31)):
            for said in self.filter_params.get(f"{self.date_hierarchy}__{part}", []):
                if not (said.isascii() and said.isdigit() and len(said) <= 4 and lowest <= int(said) <= highest):
                    raise Nonsense(_("There is no such day."))

    def _is_order(self, said: str) -> bool:
        if not said:
            return True
        if not _ORDER.fullmatch(said):
            return False
        columns = [abs(int(part)) for part in said.split(".")]
        names = list(self.list_display)
        return all(column < len(names) and names[column] in self.sortable_by for column in columns)


def _is_offered(spec: ListFilter) -> bool:
    if isinstance(spec, SimpleListFilter):
        return _said(spec.value()) <= {"", *(str(key) for key, _ in spec.lookup_choices)}
    if isinstance(spec, ChoicesFieldListFilter):
        said = _said(spec.used_parameters.get(spec.lookup_kwarg))
        return said <= {"", *(str(key) for key, _ in spec.field.flatchoices)}
    if isinstance(spec, RelatedFieldListFilter):
        said = _said(spec.used_parameters.get(spec.lookup_kwarg))
        return said <= {"", *(str(key) for key, _ in spec.lookup_choices)}
    return True


def _said(value: Any) -> set[str]:
    if value is None:
        return set()
    return {str(each) for each in value} if isinstance(value, list | tuple) else {str(value)}
