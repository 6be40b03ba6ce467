"""The language of the pages about persons: that of the companies whose people look at them."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import override

from askpro.console.scope import Scope
from calls.models import Company


def language_of(user: Any) -> str:
    """The one language of the person's companies; an operator's, and of several, the console's."""
    scope = Scope.of(user)
    if scope.companies is None:
        return settings.LANGUAGE_CODE
    spoken = {*Company.objects.filter(pk__in=scope.companies).values_list("language", flat=True)}
    return spoken.pop() if len(spoken) == 1 else settings.LANGUAGE_CODE


def rendered(response: HttpResponse, language: str) -> HttpResponse:
    """The page in this language: a template would else be rendered after the view, in the console's."""
    if isinstance(response, TemplateResponse):
        with override(language):
            response.render()
    return response
