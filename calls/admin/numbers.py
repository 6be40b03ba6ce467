"""The numbers on a customer's page: staff add and remove them."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from unfold.widgets import UnfoldAdminSelectWidget

from askpro.console import audit, display
from calls.admin.forms import NumbersForm, PhoneField
from calls.models import Customer, CustomerNumber
from calls.models.customer_number import having


class CustomerNumberForm(NumbersForm):
    number = PhoneField(
        label=gettext_lazy("Another number"), help_text=gettext_lazy("Calls from this number belong to this customer.")
    )

    class Meta:
        model = CustomerNumber
        fields = ("number", "kind")
        widgets = {"kind": UnfoldAdminSelectWidget}

    def __init__(self, customer: Customer, data: Any = None) -> None:
        self.customer = customer
        super().__init__(data, instance=CustomerNumber(company_id=customer.company_id, customer=customer))
        self.fields["kind"].label = _("What for")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        number = cleaned.get("number")
        owner = Customer.objects.filter(having(number), company=self.customer.company_id).first() if number else None
        if owner is not None:
            # No name: it may be shown to whoever types any number.
            is_theirs = owner.pk == self.customer.pk
            raise forms.ValidationError(
                _("This customer already has the number.")
                if is_theirs
                else _("Another customer already has the number.")
            )
        return cleaned


class NumbersMixin:
    """Adds the view that the forms on the customer's page send to."""

    admin_site: Any
    opts: Any

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.numbers_view)
        return [path("<path:object_id>/numbers/", view, name="calls_customer_numbers"), *super().get_urls()]  # type: ignore[misc]

    def numbers_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Add the number that was typed, or remove the one whose button was pressed."""
        if not self.may_act(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        customer = self.get_object(request, unquote(object_id))  # type: ignore[attr-defined]
        if customer is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        # The record of what was done is in English.
        done = _remove(customer, request) if "remove" in request.POST else _add(customer, request)
        if done:
            messages.success(request, _(done))
            audit.note(request, customer, "numbers", words=done)
        return HttpResponseRedirect(reverse("admin:calls_customer_change", args=[customer.pk]))

    def numbers_of(self, request: HttpRequest, customer: Customer) -> dict[str, Any]:
        """What the page shows of the numbers."""
        rows = [
            {
                "number": display.phone(row.number),
                "plain": row.number,
                "kind": row.get_kind_display(),
                "known": row.get_known_display(),
                # Its line is who the customer is.
                "remove": "" if row.number == customer.phone else str(row.pk),
            }
            for row in customer.numbers.all()
        ]
        may_change = self.may_act(request) and customer.merged_into_id is None  # type: ignore[attr-defined]
        return {"numbers": rows, "number_form": CustomerNumberForm(customer) if may_change else None}


def _add(customer: Customer, request: HttpRequest) -> str:
    form = CustomerNumberForm(customer, request.POST)
    if form.is_valid():
        form.save()
        return gettext_noop("Number added.")
    for errors in form.errors.values():
        messages.error(request, " ".join(map(str, errors)))
    return ""


def _remove(customer: Customer, request: HttpRequest) -> str:
    said = request.POST["remove"]
    rows = customer.numbers.exclude(number=customer.phone or "")
    row = rows.filter(pk=int(said)).first() if said.isascii() and said.isdigit() and len(said) < 19 else None
    if row is None:
        return ""
    if customer.contact_phone == row.number:
        messages.error(request, _("Messages go to this number. Enter another number for messages first."))
        return ""
    row.delete()
    return gettext_noop("Number removed.")
