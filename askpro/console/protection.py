"""What forbids that rows are deleted, told without reading all of it."""

from collections.abc import Iterable
from typing import Any

from django.db.models import PROTECT, Exists, Model, OuterRef


def protecting(rows: Iterable[Model]) -> list[str]:
    """The kinds of rows, by name, of which at least one refers to these and must not lose it: one question for all."""
    kept = list(rows)
    if not kept:
        return []
    model = type(kept[0])
    relations: list[Any] = [
        each
        for each in model._meta.get_fields(include_hidden=True)
        if each.auto_created and not each.concrete and getattr(each, "on_delete", None) is PROTECT
    ]
    is_there: dict[str, Any] = {
        f"relation_{place}": Exists(
            relation.related_model._base_manager.filter(**{relation.field.name: OuterRef("pk")})
        )
        for place, relation in enumerate(relations)
    }
    asked = model._base_manager.filter(pk__in=[row.pk for row in kept]).order_by().annotate(**is_there)
    found = [any(answers) for answers in zip(*asked.values_list(*is_there), strict=True)] if is_there else []
    names = (relation.related_model._meta.verbose_name_plural for relation in relations)
    return list(dict.fromkeys(str(name) for name, is_found in zip(names, found, strict=False) if is_found))
