"""A company's own addresses: create them, copy them to the vendor, change their secrets. No secret is ever shown."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldBooleanSwitchWidget

from askpro.console.filters import CompanyFilter
from askpro.console.model_admin import ConsoleModelAdmin, ReadOnlyInline
from askpro.console.term import Term
from webhooks.models import Provider, WebhookAddress, WebhookSecret


class WebhookAddressForm(forms.ModelForm):
    """The secret is not one of the model's fields in the form: it can be written, but is never read or shown."""

    new_secret = forms.CharField(
        required=False,
        max_length=500,
        label=gettext_lazy("New secret"),
        help_text=gettext_lazy(
            "Retell: the API key with the webhook badge. Cal.com: the webhook's secret. Twilio: the auth token. Once "
            "it has one, the installation's secrets are no longer accepted for this company."
        ),
        widget=UnfoldAdminPasswordWidget({"autocomplete": "new-password"}),
    )
    retire_older = forms.BooleanField(
        required=False,
        label=gettext_lazy("Retire the older secrets"),
        help_text=gettext_lazy(
            "Do this once the vendor signs with the new one. A company without a secret uses the installation's."
        ),
        widget=UnfoldBooleanSwitchWidget,
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        provider = cleaned.get("provider") or self.instance.provider
        company = cleaned.get("company") or getattr(self.instance, "company", None)
        account = cleaned.get("account", "")
        if provider == Provider.TWILIO and not account.startswith("AC"):
            self.add_error("account", _("Enter the account's SID. It begins with AC."))
        if provider != Provider.TWILIO and account:
            self.add_error("account", _("Leave this empty: only Twilio has accounts."))
        if provider == Provider.TWILIO and company is not None and not company.sms_sender:
            self.add_error(
                None, _("Enter the company's SMS sender first: the installation's belongs to another account.")
            )
        return cleaned


class SecretInline(ReadOnlyInline):
    model = WebhookSecret
    hide_title = True
    fields = ("fingerprint", "created_at", "retired_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.defer("secret")


@admin.register(WebhookAddress)
class WebhookAddressAdmin(ConsoleModelAdmin):
    company_path = "company"
    form = WebhookAddressForm
    list_display = ("vendor", "company", "secrets_of_now", "copy")
    list_filter = (CompanyFilter, ("provider", ChoicesDropdownFilter))
    list_select_related = ("company",)
    page_related = ("company",)
    autocomplete_fields = ("company",)
    search_help_text = gettext_lazy("Company or public id")
    empty_text = gettext_lazy(
        "Companies without their own address share the installation's. Add one to keep a company separate."
    )
    inlines = (SecretInline,)
    fields = (("company", "provider"), "copy", "account", "new_secret", "retire_older")
    readonly_fields = ("copy",)

    def find(self, rows: QuerySet[WebhookAddress], term: Term) -> QuerySet[WebhookAddress]:
        return rows.filter(Q(public_id=term.text) | Q(company__name__icontains=term.text))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        active = Count("secrets", filter=Q(secrets__isnull=False, secrets__retired_at=None))
        rows: QuerySet[Any] = super().get_queryset(request).annotate(active=active)
        return rows

    def get_readonly_fields(self, request: HttpRequest, obj: WebhookAddress | None = None) -> Any:
        # Events that came in at this address must stay this company's.
        return ("company", "provider", "copy") if obj is not None else ("copy",)

    def has_delete_permission(self, request: HttpRequest, obj: WebhookAddress | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: WebhookAddress, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.cleaned_data.get("retire_older"):
            obj.retire_secrets()
        if secret := form.cleaned_data.get("new_secret"):
            obj.add_secret(secret)

    @admin.display(description=gettext_lazy("Vendor"), ordering="provider")
    def vendor(self, address: WebhookAddress) -> str:
        return str(address.get_provider_display())

    @admin.display(description=gettext_lazy("Address to enter at the vendor"))
    def copy(self, address: WebhookAddress) -> SafeString | str:
        return format_html("<code>{}</code>", address.url) if address.pk else _("Created when you save.")

    @admin.display(description=gettext_lazy("Active secrets"))
    def secrets_of_now(self, address: Any) -> str:
        return str(address.active) if address.active else _("none: uses the installation's")
