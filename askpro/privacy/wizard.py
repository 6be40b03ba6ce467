"""The page on which a person is looked for, shown, exported and erased. Everything goes by POST: numbers and addresses
stay out of the logs of addresses.
"""

import tempfile
from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from askpro.console import audit, display
from askpro.console.scope import Scope
from askpro.console.table import Table
from askpro.privacy import exporting, reads
from askpro.privacy.erasing import rows, run, vendors
from askpro.privacy.language import language_of
from askpro.privacy.models import Erasure, Wanted
from askpro.privacy.person import Sought, read_number, wanted
from askpro.privacy.tasks import erase_person
from askpro.privacy.trail import Trail
from calls.models import Company, Customer

MAY_ERASE, MAY_EXPORT = "privacy.erase_person", "privacy.export_person"
GROUNDS: Final = [choice for choice in Erasure.Ground.choices if choice[0] != Erasure.Ground.AGAIN]
LARGEST_IN_MEMORY: Final = 1024 * 1024


class SearchForm(forms.Form):
    """Whom to look for, and where. An operator may look in all companies; everybody else in his own."""

    said = forms.CharField(
        max_length=254,
        label=gettext_lazy("Phone number, e-mail address or customer's id"),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )
    company = forms.ModelChoiceField(
        Company.objects.none(), required=False, label=gettext_lazy("Company"), widget=UnfoldAdminSelectWidget
    )

    def __init__(self, user: Any, data: Any = None) -> None:
        super().__init__(data)
        scope = Scope.of(user)
        company: Any = self.fields["company"]
        company.queryset = scope.rows(Company.objects.defer("calcom_api_key").order_by("name"))
        company.empty_label = _("All companies") if scope.is_whole else None
        company.required = not scope.is_whole

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        company, said = cleaned.get("company"), cleaned.get("said", "").strip()
        companies = None if company is None else frozenset({company.pk})
        if said.isascii() and said.isdigit() and len(said) < 8:
            cleaned["sought"] = Sought(customer=int(said), companies=companies)
        elif "@" in said:
            cleaned["sought"] = Sought(email=said.casefold(), companies=companies)
        elif number := read_number(said):
            cleaned["sought"] = Sought(number=number, companies=companies)
        elif said:
            self.add_error("said", _("This is no number that can be read. Write it with its country, such as +49 30 …"))
        return cleaned


class ReasonForm(forms.Form):
    """Why the person is erased."""

    ground = forms.ChoiceField(choices=GROUNDS, label=gettext_lazy("Reason"), widget=UnfoldAdminSelectWidget)
    reference = forms.CharField(
        max_length=100,
        required=False,
        label=gettext_lazy("Number of a ticket or letter (no names)"),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )
    cancels_bookings = forms.BooleanField(
        required=False,
        initial=True,
        label=gettext_lazy("Cancel appointments ahead"),
        widget=UnfoldBooleanSwitchWidget,
    )


def person_view(request: HttpRequest) -> HttpResponse:
    """Search, then show what is held, then export or erase it."""
    from django.contrib import admin

    if not (request.user.has_perm(MAY_ERASE) or request.user.has_perm(MAY_EXPORT)):
        raise PermissionDenied
    form = SearchForm(request.user, request.POST if request.method == "POST" else None)
    answer = _found(request, form) if form.is_valid() else {}
    if not isinstance(answer, dict):
        return answer
    context = {**admin.site.each_context(request), "title": _("Export or erase a person"), "form": form, **answer}
    return TemplateResponse(request, "privacy/person.html", context | {"words": _words()})


def _found(request: HttpRequest, form: SearchForm) -> Any:
    sought: Sought = form.cleaned_data["sought"]
    customers = list(sought.customers())
    reads.note_search(request, sought.number or sought.email, _only(sought.companies))
    chosen = _chosen(request, customers)
    if chosen is None:
        return {"choices": [_choice(customer) for customer in customers]}
    person = wanted(sought, chosen)
    trail = Trail(person, sought.companies)
    if next(rows.counts(trail), None) is None:
        return {"is_empty": True}
    if request.POST.get("do") == "export":
        return _export(request, trail, chosen, sought)
    reason = ReasonForm(request.POST if request.POST.get("do") == "erase" else None)
    if reason.is_bound and reason.is_valid():
        return _erase(request, person, form.cleaned_data["company"], chosen, reason.cleaned_data)
    return {"chosen": chosen, **_preview(trail, person), "reason": reason, "may": _may(request)}


def _chosen(request: HttpRequest, customers: list[Customer]) -> list[Customer] | None:
    """Those who were ticked; who is alone need not be. None: several are meant, and nobody was ticked yet."""
    ticked = set(request.POST.getlist("customer"))
    merged = {customer.pk for customer in customers if customer.merged_into_id}
    if len(customers) - len(merged) <= 1:
        return customers
    return [customer for customer in customers if str(customer.merged_into_id or customer.pk) in ticked] or None


def _choice(customer: Customer) -> dict[str, Any]:
    number = display.phone(customer.phone or customer.contact_phone)
    return {"pk": customer.pk, "name": customer.name, "number": number, "company": customer.company.name}


def _preview(trail: Trail, person: Wanted) -> dict[str, Any]:
    counted = [[_title(name), count] for name, count in rows.counts(trail)]
    outside = list(vendors.items(trail, Erasure()))
    listed = [
        [item.get_place_display(), item.subject, item.get_why_display() or _("Is erased there")] for item in outside
    ]
    held = [
        _("Customer %(id)s is under a legal hold: nothing would be erased.") % {"id": customer.pk}
        for customer in run.held(Erasure(customers=[*person.customers]))
    ]
    return {
        "held": held,
        "tables": [
            Table(_("What is erased here"), [_("Table"), _("Rows")], counted, _("Nothing."), numbers=(1,)),
            Table(_("What vendors hold"), [_("Where"), _("Which"), _("What becomes of it")], listed, _("Nothing.")),
        ],
    }


def _title(label: str) -> str:
    return str(exporting.TITLES.get(label, label.partition(".")[2]))


def _may(request: HttpRequest) -> dict[str, bool]:
    return {"erase": request.user.has_perm(MAY_ERASE), "export": request.user.has_perm(MAY_EXPORT)}


def _export(request: HttpRequest, trail: Trail, chosen: Iterable[Customer], sought: Sought) -> Any:
    if not request.user.has_perm(MAY_EXPORT):
        raise PermissionDenied
    _record(request, chosen, "export_person", "Exported what is held of the person.")
    ids = ",".join(str(customer.pk) for customer in chosen) or "no customer"
    reads.note_export(request.user, ids[:64], "admin:person", _only(sought.companies))
    # In memory, or in a file without a name, which goes with the answer.
    target: Any = tempfile.SpooledTemporaryFile(LARGEST_IN_MEMORY)  # noqa: SIM115 - the answer closes it
    exporting.write(target, trail, language_of(request.user))
    target.seek(0)
    return FileResponse(target, as_attachment=True, filename="person.zip", headers={"Cache-Control": "no-store"})


def _erase(
    request: HttpRequest, person: Wanted, company: Company | None, chosen: list[Customer], said: dict[str, Any]
) -> HttpResponse:
    if not request.user.has_perm(MAY_ERASE):
        raise PermissionDenied
    with transaction.atomic():
        erasure = Erasure.of(company, person, user=request.user, who=request.user.get_username(), **said)
        erase_person.send(erasure_id=erasure.pk)
        _record(request, chosen, "erase_person", f"Asked for erasure {erasure.pk}.")
    messages.success(request, _("The erasure has begun. This page shows how far it has come."))
    return HttpResponseRedirect(display.address(erasure))


def _record(request: HttpRequest, chosen: Iterable[Customer], act: str, words: str) -> None:
    if customers := [*chosen]:
        audit.note(request, customers, act, words=words)


def _only(companies: frozenset[int] | None) -> int | None:
    return next(iter(companies)) if companies and len(companies) == 1 else None


def _words() -> dict[str, str]:
    return {
        "lead": _("Only exact matches count. Everything that is held of the person is found by it."),
        "search": _("Search"),
        "several": _("Several people share this number or address. Choose who is meant."),
        "choose": _("Show what is held"),
        "nothing": _("Nothing is held of this person."),
        "who": _("Who is meant"),
        "export": _("Export"),
        "export_lead": _("A zip with a readable page and JSON."),
        "erase": _("Erase"),
        "erase_lead": _(
            "This cannot be undone. Rows stay without the person, so that counts stay; mails that were sent stay where"
            " they are."
        ),
    }
