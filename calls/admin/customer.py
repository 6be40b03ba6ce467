"""Customers."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.models import Appointment
from askpro.console import display
from askpro.console.customers import meaning
from askpro.console.filters import CompanyFilter, period
from askpro.console.model_admin import ConsoleModelAdmin
from askpro.console.scope import Scope
from askpro.console.table import Table
from askpro.console.term import Term
from calls.admin.forms import CustomerForm
from calls.admin.history import MOST_LISTED, Theirs, history
from calls.admin.merging import MergeMixin
from calls.admin.numbers import NumbersMixin
from calls.models import Customer, CustomerNumber
from notifications.opt_outs import with_stop


@admin.register(Customer)
class CustomerAdmin(NumbersMixin, MergeMixin, ConsoleModelAdmin):
    company_path = "company"
    form = CustomerForm
    list_display = ("who", "number", "email", "company", "consent", "last_contact")
    # An order by address would tell something of addresses that are masked.
    sortable_by = ("company",)
    list_filter = (CompanyFilter, period("created_at", gettext_lazy("customer since")))
    list_select_related = ("company",)
    page_related = ("company",)
    search_help_text = gettext_lazy("Name, phone number or e-mail")
    empty_text = gettext_lazy(
        "A customer appears here when a call has been processed. To see one now, run: python3 manage.py demo_call"
    )
    fields = (
        ("name", "language"),
        ("phone", "company"),
        ("contact_phone", "email"),
        ("sms_consent_at", "answered_stop"),
        ("legal_hold", "legal_hold_until"),
        ("last_contact_at", "created_at"),
        "no_shows",
    )
    # Calls find a customer by phone number, and only the customer gives or takes back consent.
    readonly_fields = (
        "phone",
        "company",
        "sms_consent_at",
        "answered_stop",
        "last_contact_at",
        "created_at",
        "no_shows",
    )
    change_form_outer_after_template = "console/customer.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Customer | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Customer, form: forms.ModelForm, change: bool) -> None:
        if "contact_phone" in form.changed_data:
            # What a person entered is better than what a later call says.
            obj.contact_phone_call = None
        super().save_model(request, obj, form, change)
        if "contact_phone" in form.changed_data and obj.contact_phone:
            CustomerNumber.note(obj, obj.contact_phone, CustomerNumber.Kind.CONTACT, CustomerNumber.Known.PERSON)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = with_stop(super().get_queryset(request))
        match = request.resolver_match
        if match is not None and str(match.url_name).endswith("_changelist"):
            return rows.filter(merged_into=None)
        if match is None or "object_id" not in match.kwargs:
            return rows
        no_shows = Appointment.objects.filter(customer=OuterRef("pk"), status=Appointment.Status.NO_SHOW)
        return rows.annotate(missed=ArraySubquery(no_shows.order_by("-starts_at").values("starts_at")))

    def find(self, rows: QuerySet[Customer], term: Term) -> QuerySet[Customer]:
        return rows.filter(meaning(term))

    @admin.display(description=gettext_lazy("Customer"))
    def who(self, customer: Customer) -> SafeString | str:
        return display.person(customer)

    @admin.display(description=gettext_lazy("Phone"))
    def number(self, customer: Customer) -> SafeString | str:
        return display.phone(customer.phone or customer.contact_phone)

    @admin.display(description="SMS")
    def consent(self, customer: Any) -> SafeString | str:
        if customer.has_stopped:
            return display.pill("dead", _("Answered STOP"), _("stop"))
        return display.pill("done", _("Agreed on the phone"), _("agreed")) if customer.sms_consent_at else ""

    @admin.display(description=gettext_lazy("Answered STOP"))
    def answered_stop(self, customer: Any) -> SafeString | str:
        # A boolean's red cross would look like trouble although all is well, and its green tick the opposite.
        return display.pill("dead", "", _("yes, no SMS is sent")) if customer.has_stopped else _("no")

    @admin.display(description=gettext_lazy("No-shows"))
    def no_shows(self, customer: Any) -> str:
        """Counted from the appointments each time, so that what is corrected at Cal.com is correct here."""
        if not customer.missed:
            return _("none")
        last = display.local(customer.missed[0], "SHORT_DATE_FORMAT")
        return _("%(count)s, last on %(day)s") % {"count": len(customer.missed), "day": last}

    @admin.display(description=gettext_lazy("Last contact"))
    def last_contact(self, customer: Customer) -> SafeString | str:
        return display.minute(customer.last_contact_at)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        customer = self.get_object(request, object_id)
        shown = self._shown(request, customer) if customer else {}
        return super().change_view(request, object_id, form_url, {**shown, **(extra_context or {})})

    def _shown(self, request: HttpRequest, customer: Customer) -> dict[str, Any]:
        """What stands below the form."""
        into, theirs = customer.merged_into, Theirs(customer, Scope.of(request.user))
        may_merge = self.may_act(request) and into is None
        return {
            "tables": [history(theirs), *_tables(theirs)],
            "merged_into": (str(into), display.address(into)) if into is not None else None,
            "merge_page": reverse("admin:calls_customer_merge", args=[customer.pk]) if may_merge else "",
            "numbers_page": reverse("admin:calls_customer_numbers", args=[customer.pk]),
            **self.numbers_of(request, customer),
        }


def _tables(theirs: Theirs) -> list[Table]:
    return [
        Table(
            _("Calls"),
            [_("When"), _("Outcome"), _("Call")],
            [
                [display.minute(c.said_at), display.state(c, "outcome"), display.link(c)]
                for c in theirs.calls[:MOST_LISTED]
            ],
            _("No call."),
        ),
        Table(
            _("Appointments"),
            [_("When"), _("State"), _("What"), _("With")],
            [
                [
                    display.link(a, display.weekday(a.starts_at)),
                    display.state(a),
                    a.service or display.NOTHING,
                    a.staff or display.NOTHING,
                ]
                for a in theirs.appointments_by_start
            ],
            _("No appointment."),
        ),
        Table(
            _("Messages"),
            [_("Message"), _("State"), _("Sent")],
            [[display.link(n), display.state(n), display.minute(n.sent_at)] for n in theirs.messages],
            _("No message."),
        ),
    ]
