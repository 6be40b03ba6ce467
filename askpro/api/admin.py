"""The tokens of trusted callers: made here, shown once, switched off here."""

from datetime import timedelta
from typing import Any, Final

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from askpro.api.models import ApiToken
from askpro.console import display
from askpro.console.filters import CompanyFilter
from askpro.console.model_admin import ConsoleModelAdmin
from askpro.console.term import Term

# What a new token is proposed to last.
LIFETIME: Final = timedelta(days=365)


@admin.register(ApiToken)
class ApiTokenAdmin(ConsoleModelAdmin):
    company_path = "company"
    list_display = ("name", "company", "begins", "is_active", "rights", "expires_on", "made", "used")
    list_filter = (CompanyFilter, "is_active")
    list_select_related = ("company",)
    autocomplete_fields = ("company",)
    search_help_text = _("Name, company, or how the token begins")
    empty_text = _("A partner's system that books needs a token: add one here. The API is described at /api/v1/docs/.")
    fields = ("company", "name", ("may_read", "may_request", "may_change"), "expires_on", "is_active")

    def find(self, rows: QuerySet[ApiToken], term: Term) -> QuerySet[ApiToken]:
        meant = Q(name__icontains=term.text) | Q(company__name__icontains=term.text)
        return rows.filter(meant | Q(hint__startswith=term.text))

    def get_readonly_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        """A token never moves to another company."""
        return ("company",) if obj else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"expires_on": timezone.localdate() + LIFETIME, **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: ApiToken, form: ModelForm, change: bool) -> None:
        if not change:
            # Kept until this request is answered, and nowhere else.
            request.new_token = obj.renew()  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None) -> HttpResponse:
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": obj,
            "title": _("The token of %(name)s") % {"name": obj.name},
            "company": obj.company.name,
            "token": request.new_token,  # type: ignore[attr-defined]
            "back": reverse("admin:api_apitoken_changelist"),
        }
        return TemplateResponse(request, "api/token.html", context)

    @admin.display(description=_("Begins with"))
    def begins(self, token: ApiToken) -> str:
        return f"{token.hint}…"

    @admin.display(description=_("Rights"))
    def rights(self, token: ApiToken) -> str:
        given = {_("may read"): token.may_read, _("may ask"): token.may_request, _("may change"): token.may_change}
        return ", ".join(str(name) for name, is_given in given.items() if is_given) or "–"

    @admin.display(description=_("Created"))
    def made(self, token: ApiToken) -> SafeString | str:
        return display.minute(token.created_at)

    @admin.display(description=_("Last used"))
    def used(self, token: ApiToken) -> SafeString | str:
        return display.minute(token.last_used_at)
