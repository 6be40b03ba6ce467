"""What is typed at the entrance. Each try is counted before it is looked at."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import AuthenticationForm
from unfold.widgets import UnfoldAdminTextInputWidget

from askpro.console.entrance import throttle
from askpro.console.entrance.models import LoginAttempt
from askpro.console.entrance.places import Full, place

# The code of the error that says: wait.
TOO_MANY = "too_many"


class EntranceForm(AuthenticationForm):
    """Name and password."""

    request: HttpRequest

    def clean(self) -> dict[str, Any]:
        name = str(self.cleaned_data.get("username") or "")
        if not name or not self.cleaned_data.get("password"):
            return super().clean()
        try:
            with place():
                return _counted(self.request, name, LoginAttempt.Step.PASSWORD, self._look)
        except Full:
            words = _("Many people are logging in at this moment. Try again in a few seconds.")
            raise ValidationError(words, TOO_MANY) from None

    def _look(self) -> tuple[dict[str, Any], int]:
        return super().clean(), int(self.get_user().pk)


class CodeForm(forms.Form):
    """A code of the app, or a recovery code. `is_right` judges it."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=32,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "one-time-code", "autofocus": "", "spellcheck": "false"}),
    )

    def __init__(self, request: HttpRequest, is_right: Callable[[str], bool], data: Any = None) -> None:
        super().__init__(data)
        self._request, self._is_right = request, is_right

    def clean_code(self) -> str:
        return _counted(self._request, self._request.user.get_username(), LoginAttempt.Step.CODE, self._look)

    def _look(self) -> tuple[str, int]:
        typed: str = self.cleaned_data["code"]
        if not self._is_right(typed):
            raise ValidationError(_("This is not the code that your app shows now. Each code is good once."))
        return typed, int(self._request.user.pk or 0)


def _counted(request: HttpRequest, name: str, step: LoginAttempt.Step, look: Callable[[], tuple[Any, int]]) -> Any:
    """What `look` finds, with the id of whoever it is; it raises `ValidationError` when the try is wrong."""
    try:
        attempt = throttle.begin(request, name, step)
    except throttle.Throttled as refused:
        said = {"time": time_format(timezone.localtime(refused.until), "TIME_FORMAT")}
        raise ValidationError(_("Too many attempts. Wait until %(time)s, then try again."), TOO_MANY, said) from None
    try:
        found, user_id = look()
    except ValidationError:
        attempt.fail()
        raise
    attempt.succeed(user_id)
    return found
