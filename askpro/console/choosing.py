"""What a form may choose from: the same rows that the person sees, and whatever is sent in place of one is no error."""

from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from askpro.console.scope import Scope


class ChoosingMixin:
    """For pages and inlines with relations."""

    admin_site: Any

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> QuerySet[Any] | None:
        rows: QuerySet[Any] | None = super().get_field_queryset(db, db_field, request)  # type: ignore[misc]
        return Scope.of(request.user).rows(db_field.remote_field.model._default_manager.all() if rows is None else rows)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):  # type: ignore[attr-defined]
            options.setdefault("widget", OneOf(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **options)  # type: ignore[misc]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):  # type: ignore[attr-defined]
            options.setdefault("widget", SomeOf(db_field, self.admin_site))
        return super().formfield_for_manytomany(db_field, request, **options)  # type: ignore[misc]


class _Keys:
    """Shows a refused form again although it held what is no key: Django asks the database for it."""

    field: Any

    def optgroups(self, name: str, value: list[Any], attr: Any = None) -> Any:
        keys = [each for each in value if self._is_key(each)]
        return super().optgroups(name, keys, attr)  # type: ignore[misc]

    def _is_key(self, value: Any) -> bool:
        try:
            self.field.target_field.clean(value, None)
        except ValidationError:
            return False
        return True


class OneOf(_Keys, AutocompleteSelect):  # type: ignore[misc] # the stubs name the arguments otherwise
    pass


class SomeOf(_Keys, AutocompleteSelectMultiple):  # type: ignore[misc]
    pass
