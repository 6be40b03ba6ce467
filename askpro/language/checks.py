"""`manage.py check` fails without the German sentences."""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

from askpro.language import catalogue


@register(Tags.translation)
def check_catalogue(**_: Any) -> list[CheckMessage]:
    """The compiled catalogue exists and was made from the source of this release."""
    if catalogue.is_current():
        return []
    place = catalogue.COMPILED.relative_to(catalogue.ROOT)
    state = "is older than its source" if catalogue.COMPILED.exists() else "is missing"
    return [
        Error(
            f"{place} {state}: staff would read English.",
            hint="Run: python manage.py compilemessages",
            id="language.E001",
        )
    ]
