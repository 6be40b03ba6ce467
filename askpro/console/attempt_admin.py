"""Who tried to log in: from which networks, and how it ended."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from askpro.console import display
from askpro.console.entrance.models import LoginAttempt
from askpro.console.filters import period
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.term import Term


@admin.register(LoginAttempt)
class LoginAttemptAdmin(ReadOnlyModelAdmin):
    list_display = ("when", "who", "step", "progress", "network")
    list_filter = (("outcome", ChoicesDropdownFilter), ("step", ChoicesDropdownFilter), period("at", _("period")))
    search_help_text = _("A log-in's name, or the beginning of a network such as 203.0.113.")
    empty_text = _("Nobody has tried to log in yet.")
    page_related = ("user",)

    def find(self, rows: QuerySet[LoginAttempt], term: Term) -> QuerySet[LoginAttempt]:
        return rows.filter(user__username__iexact=term.text) | rows.filter(network__startswith=term.text)

    def get_queryset(self, request: HttpRequest) -> QuerySet[LoginAttempt]:
        return super().get_queryset(request).select_related("user")

    @admin.display(description=_("When"), ordering="id")
    def when(self, attempt: LoginAttempt) -> SafeString | str:
        return display.moment(attempt.at)

    @admin.display(description=_("Log-in"))
    def who(self, attempt: LoginAttempt) -> str:
        return attempt.user.get_username() if attempt.user else str(_("no such name"))

    @admin.display(description=_("Outcome"))
    def progress(self, attempt: LoginAttempt) -> SafeString:
        return display.state(attempt, "outcome")

    def detail(self, request: HttpRequest, attempt: LoginAttempt) -> dict[str, Any]:
        return {
            "state": display.state(attempt, "outcome"),
            "facts": [
                (_("When"), display.dated(attempt.at)),
                (_("Log-in"), self.who(attempt)),
                (_("What was tried"), attempt.get_step_display()),
                (_("From where"), attempt.network),
            ],
        }
