"""The language in which a person is told what is held of them: that of the companies whose people export it."""

from typing import Any

from django.conf import settings

from askpro.console.scope import Scope
from calls.models import Company


def language_of(user: Any) -> str:
    """The one language of the person's companies; an operator's, and of several, the console's."""
    scope = Scope.of(user)
    if scope.companies is None:
        return settings.LANGUAGE_CODE
    spoken = {*Company.objects.filter(pk__in=scope.companies).values_list("language", flat=True)}
    return spoken.pop() if len(spoken) == 1 else settings.LANGUAGE_CODE
