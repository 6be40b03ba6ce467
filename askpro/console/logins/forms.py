"""The forms of a log-in. What can be chosen is what the giver may give."""

from typing import Any

from django import forms
from django.contrib.auth.forms import SetPasswordForm, UserCreationForm
from django.contrib.auth.models import Group, User
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from askpro.console.logins.giver import Giver
from calls.models import Company


class GivingForm(forms.ModelForm):
    """Who it is, which roles he has, and for which companies."""

    roles = forms.ModelMultipleChoiceField(
        Group.objects.none(), label=_("Roles"), widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    companies = forms.ModelMultipleChoiceField(
        Company.objects.none(), label=_("Companies"), widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    def offer(self, giver: Giver) -> None:
        """Let the person choose what the giver may give; what the log-in has of that is ticked."""
        choices: dict[str, Any] = {"roles": giver.roles, "companies": giver.companies}
        for name, rows in choices.items():
            self.fields[name].queryset = rows  # type: ignore[attr-defined] # a field of rows
        access = getattr(self.instance, "access", None) if self.instance.pk else None
        if access is not None:
            self.initial.update(roles=self.instance.groups.all(), companies=access.companies.all())
        elif len(choices["companies"]) == 1:
            self.initial["companies"] = choices["companies"]


class NewLoginForm(GivingForm, UserCreationForm):
    """A new one, with its first password."""

    class Meta(UserCreationForm.Meta):
        fields = ("username", "first_name", "last_name", "email")
        widgets = {
            "username": UnfoldAdminTextInputWidget,
            "first_name": UnfoldAdminTextInputWidget,
            "last_name": UnfoldAdminTextInputWidget,
            "email": UnfoldAdminEmailInputWidget,
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("password1", "password2"):
            self.fields[name].widget = UnfoldAdminPasswordWidget({"autocomplete": "new-password"})
        self.order_fields([*self.Meta.fields, "roles", "companies", "password1", "password2"])


class LoginForm(GivingForm):
    """One that is there."""

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email", "is_active")
        widgets = {
            "first_name": UnfoldAdminTextInputWidget,
            "last_name": UnfoldAdminTextInputWidget,
            "email": UnfoldAdminEmailInputWidget,
            "is_active": UnfoldBooleanSwitchWidget,
        }
        labels = {"is_active": _("May log in")}
        help_texts = {"is_active": _("Switch it off for who has left: what he did stays on record.")}


class PasswordForm(SetPasswordForm):
    """A new password."""

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(user, data)
        for name in ("new_password1", "new_password2"):
            self.fields[name].widget = UnfoldAdminPasswordWidget({"autocomplete": "new-password"})
