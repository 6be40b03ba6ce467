"""A company's branches on the company's own page, each with the number that callers dial."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminTextInputWidget

from askpro.console.scope import Scope
from askpro.console.whole_row import WholeRowMixin
from calls import phone
from calls.admin.forms import NumbersForm, PhoneField
from calls.models import Branch, PhoneNumber
from calls.models.company import e164


class BranchLineForm(NumbersForm):
    """Name and place of a branch, and one number, which is entered with it."""

    phone = PhoneField(required=False, label=gettext_lazy("Phone of the branch"))
    dialled = PhoneField(required=False, label=gettext_lazy("New number that callers dial"))

    class Meta:
        model = Branch
        fields = ("name", "street", "postal_code", "city", "phone", "is_active")
        widgets = {"name": UnfoldAdminTextInputWidget}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # The column's head is no label: it names no field.
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = field.label

    def clean_dialled(self) -> str:
        """The model checks the others; this one is of a row that does not exist yet."""
        written: str = self.cleaned_data["dialled"]
        number = phone.normalise(written, self._country({})) or written if written else ""
        if not number:
            return ""
        e164(number)
        if PhoneNumber.objects.filter(number=number).exists():
            # No name: it may be shown to whoever types any number.
            raise forms.ValidationError(_("This number is entered already."))
        return number

    def save_number(self) -> PhoneNumber | None:
        """Enter the number with its branch, which is saved."""
        number = self.cleaned_data.get("dialled")
        branch = self.instance
        return PhoneNumber.objects.create(company=branch.company, branch=branch, number=number) if number else None


class BranchLines(forms.BaseInlineFormSet):
    def _construct_form(self, i: int, **options: Any) -> Any:
        """Django gives a line the key of its company, which a new company has not yet; its country decides, too."""
        line = super()._construct_form(i, **options)  # type: ignore[misc] # the stubs lack it
        line.instance.company = self.instance
        return line


class BranchInline(WholeRowMixin, TabularInline):
    model = Branch
    form = BranchLineForm
    formset = BranchLines
    fields = ("name", "street", "postal_code", "city", "phone", "dialled", "is_active")
    can_delete = False
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = Scope.of(request.user).rows(super().get_queryset(request))
        return rows.select_related("company").defer("company__calcom_api_key")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_fields(request, obj)
        return fields if may_enter(request) else [field for field in fields if field != "dialled"]

    def get_extra(self, request: HttpRequest, obj: Any = None, **options: Any) -> int:
        """A new company has a first branch."""
        return 0 if obj is not None else 1


def may_enter(request: HttpRequest) -> bool:
    """Whether the person may enter numbers."""
    return bool(request.user.has_perm("calls.add_phonenumber"))
