"""The page on which staff say that two customers are one, and the record of those who did."""

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from askpro.console import audit, display, masking
from askpro.console.acts import Act
from askpro.console.customers import customers_meant, meaning
from askpro.console.filters import CompanyFilter
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.scope import Scope
from askpro.console.table import Table
from askpro.console.term import Term
from calls.merging import Unmergeable, counts, merge, undo
from calls.models import Customer, CustomerMerge, countries

MOST_CANDIDATES: Final = 20


class MergeForm(forms.Form):
    """Which row stays, and why they are one."""

    kept = forms.ChoiceField()
    note = forms.CharField(
        label=gettext_lazy("Why are they the same person?"),
        max_length=1000,
        widget=UnfoldAdminTextareaWidget({"rows": 2}),
    )

    def __init__(self, pair: list[Customer], data: Any = None) -> None:
        super().__init__(data)
        self.fields["kept"] = forms.ChoiceField(choices=[(str(each.pk), display.title(each)) for each in pair])


class MergeMixin:
    """Adds the page: first it finds the other row, then it asks which of the two stays."""

    admin_site: Any
    opts: Any

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.merge_view)
        return [path("<path:object_id>/merge/", view, name="calls_customer_merge"), *super().get_urls()]  # type: ignore[misc]

    def merge_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not self.may_act(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        customer = self.get_object(request, unquote(object_id))  # type: ignore[attr-defined]
        if customer is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        other = _other(customer, request)
        form = MergeForm([customer, other], request.POST if request.method == "POST" else None) if other else None
        if other is not None and form is not None and form.is_valid():
            return self._merge(request, [customer, other], form.cleaned_data)
        masking.over()
        typed = request.GET.get("q", "").strip()
        meant = meaning(self._term(request, typed)) if typed else masking.decided(customer, _alike)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": customer,
            "title": _("Merge customers"),
            "typed": typed,
            "candidates": [] if other else _candidates(_others(customer, request).filter(meant)),
            "pair": [_card(each) for each in (customer, other)] if other else [],
            "other": other,
            "form": form,
        }
        return TemplateResponse(request, "console/merge.html", context)

    def _term(self, request: HttpRequest, typed: str) -> Term:
        """As the list of customers takes it."""
        term = Term.of(typed, countries(), Scope.of(request.user).companies)
        return self._asked(request.user, term)  # type: ignore[attr-defined]

    def _merge(self, request: HttpRequest, pair: list[Customer], said: dict[str, Any]) -> HttpResponse:
        kept, lost = sorted(pair, key=lambda each: str(each.pk) != said["kept"])
        try:
            done = merge(kept, lost, request.user, said["note"])
        except Unmergeable as error:
            messages.error(request, _("Nothing was merged: %(why)s") % {"why": error})
            return HttpResponseRedirect(reverse("admin:calls_customer_change", args=[pair[0].pk]))
        # The record of what was done is in English.
        words = f"Merged ({done}): customer {lost.pk} into {kept.pk}."
        audit.note(request, [kept, lost], "merge", said["note"], words=words)
        messages.success(request, _("Merged. The history below shows the merge; it can be undone there."))
        return HttpResponseRedirect(reverse("admin:calls_customer_change", args=[kept.pk]))


@admin.register(CustomerMerge)
class CustomerMergeAdmin(ReadOnlyModelAdmin):
    company_path = "company"
    list_display = ("title", "kept", "by", "at", "progress", "company")
    list_filter = (CompanyFilter,)
    list_select_related = ("company", "kept", "lost", "user")
    page_related = ("company", "kept", "lost", "user", "undone_by")
    search_help_text = gettext_lazy("Name, phone number or e-mail")
    empty_text = gettext_lazy("Merges of customers appear here.")
    acts = (
        Act(
            name="undo",
            label=gettext_lazy("Undo"),
            icon="undo",
            explain=gettext_lazy(
                "Everything that was moved goes back to the customer it came from. What was added since stays where "
                "it is."
            ),
            done=gettext_lazy("undone"),
            note=gettext_lazy("Why?"),
            note_required=True,
            possible=lambda row: row.undone_at is None and row.kept.merged_into_id is None,
            run=lambda row, user, note: _undo(row, user),
        ),
    )

    def named(self, row: CustomerMerge) -> str:
        return _("%(lost)s into %(kept)s") % {"lost": row.lost, "kept": row.kept}

    def find(self, rows: QuerySet[CustomerMerge], term: Term) -> QuerySet[CustomerMerge]:
        return rows.filter(Q(kept__in=customers_meant(term)) | Q(pk=term.number))

    @admin.display(description=gettext_lazy("Merge"))
    def title(self, row: CustomerMerge) -> str:
        return self.named(row)

    @admin.display(description=gettext_lazy("By"))
    def by(self, row: CustomerMerge) -> str:
        return str(row.user or display.NOTHING)

    @admin.display(description=gettext_lazy("When"))
    def at(self, row: CustomerMerge) -> Any:
        return display.minute(row.created_at)

    @admin.display(description=gettext_lazy("State"))
    def progress(self, row: CustomerMerge) -> Any:
        return display.pill("cancelled", "", _("undone")) if row.undone_at else display.pill("done", "", _("merged"))

    def detail(self, request: HttpRequest, row: CustomerMerge) -> dict[str, Any]:
        moved = [[label.rpartition(".")[0], len(ids)] for label, ids in sorted(row.moved.items())]
        return {
            "headline": self.named(row),
            "state": self.progress(row),
            "facts": [
                (_("Stays"), display.link(row.kept)),
                (_("Merged into it"), display.link(row.lost)),
                (_("Company"), display.link(row.company)),
                (_("By"), str(row.user or "")),
                (_("When"), display.moment(row.created_at)),
                (_("Why"), row.note),
                (_("Filled in"), ", ".join(sorted(row.filled))),
                (_("Undone"), display.moment(row.undone_at)),
                (_("Undone by"), str(row.undone_by or "")),
            ],
            "tables": [Table(_("What was moved"), [_("Rows"), _("Number")], moved, _("Nothing."), numbers=(1,))],
        }


def _undo(row: CustomerMerge, user: Any) -> bool:
    try:
        return undo(row, user)
    except Unmergeable:
        return False


def _other(customer: Customer, request: HttpRequest) -> Customer | None:
    """The other row that was chosen, of the same company and not merged; None if there is none."""
    said = request.POST.get("other") or request.GET.get("other") or ""
    if not (said.isascii() and said.isdigit() and len(said) < 19):
        return None
    return _others(customer, request).filter(pk=int(said)).first()


def _others(customer: Customer, request: HttpRequest) -> QuerySet[Customer]:
    rows = Scope.of(request.user).rows(Customer.objects.select_related("company"))
    same = rows.filter(company=customer.company_id, merged_into=None, erased_at=None)
    return same.exclude(pk=customer.pk)


def _alike(customer: Customer) -> Q:
    """Those with the same name, address or number: offered without a search."""
    alike = Q(pk__in=[])
    for field in ("name", "email", "contact_phone"):
        if value := getattr(customer, field):
            alike |= Q(**{f"{field}__iexact": value})
    return alike


def _candidates(found: QuerySet[Customer]) -> list[dict[str, Any]]:
    return [
        {
            "pk": each.pk,
            "name": display.person(each),
            "phone": display.phone(each.sms_number),
            "email": each.email or "",
        }
        for each in found.order_by("-pk")[:MOST_CANDIDATES]
    ]


def _card(customer: Customer) -> dict[str, Any]:
    rows = ", ".join(f"{number} {name}" for name, number in counts(customer))
    return {
        "pk": customer.pk,
        "name": f"{customer} #{customer.pk}",
        "facts": [
            (_("Phone"), display.phone(customer.phone)),
            (_("Number for messages"), display.phone(customer.contact_phone)),
            (_("E-mail"), customer.email),
            (_("Agreed to SMS"), display.minute(customer.sms_consent_at)),
            (_("Customer since"), display.minute(customer.created_at)),
            (_("Its rows"), rows or _("none")),
        ],
    }
