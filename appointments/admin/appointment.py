"""The pages of appointments. Cal.com has the authoritative state, so they are changed there first: by acts."""

from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from appointments.admin import answering, changing, naming, reminding
from appointments.admin.calendar import board
from appointments.admin.naming import clock_time, plain_who, reader, who
from appointments.models import Appointment, CalcomUid
from askpro.console import display
from askpro.console.customers import customers_meant
from askpro.console.day_range import DayRangeFilter
from askpro.console.export import columns
from askpro.console.filters import CompanyFilter
from askpro.console.live_acts import LiveActsMixin
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.scope import Scope, may_see
from askpro.console.subjects import jobs_about
from askpro.console.table import Table, job_table
from askpro.console.term import Term
from notifications import recipients
from notifications.models import Notification
from webhooks.models import WebhookEvent

MOST_EVENTS: Final = 50


@admin.register(Appointment)
class AppointmentAdmin(LiveActsMixin, ReadOnlyModelAdmin):
    company_path = "company"
    list_display = ("who", "starts", "what", "person", "progress", "calendar", "company")
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("sync_status", ChoicesDropdownFilter),
        ("source", ChoicesDropdownFilter),
        CompanyFilter,
        ("starts_at", DayRangeFilter),
    )
    list_select_related = ("company", "customer", "service", "staff")
    list_sorts = True
    page_related = ("company", "branch__company", "customer", "service", "staff", "call")
    list_defer = ("notes",)
    ordering = ("-id",)
    sortable_by = ("starts",)
    search_help_text = _("Name, phone number, e-mail or booking uid")
    empty_text = _("Calls that ask for one and bookings at Cal.com appear here. Or run: python3 manage.py demo_call")
    detail_template = "console/appointment.html"
    exported_by = "starts_at"
    exported_related = ("branch",)
    exported = columns(
        *("id", "starts_at", "ends_at", "timezone", "status", "sync_status", "source", "created_at"),
        *("attendee_name", "attendee_phone", "attendee_email"),
        customer=lambda appointment: appointment.customer.name if appointment.customer else "",
        service=lambda appointment: appointment.service.name if appointment.service else "",
        staff=lambda appointment: appointment.staff.name if appointment.staff else "",
        company=lambda appointment: appointment.company.name,
        branch=lambda appointment: appointment.branch.name if appointment.branch else "",
    )
    acts = (*answering.acts()[:2], *changing.acts(), *answering.acts()[2:])

    def get_urls(self) -> list[URLPattern]:
        calendar_view = self.admin_site.admin_view(self.calendar_view)
        return [path("calendar/", calendar_view, name="calendar"), *super().get_urls()]

    def calendar_view(self, request: HttpRequest) -> HttpResponse:
        """A day by staff, or a week by days."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        # Without `opts`, since the page is called what its title says, and not what a list of appointments is.
        context = {**self.admin_site.each_context(request), **board(request)}
        return TemplateResponse(request, "console/calendar.html", context)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        match = request.resolver_match
        return CalcomUid.with_uids(rows) if match is not None and "object_id" in match.kwargs else rows

    def offered(self, request: HttpRequest, obj: Any) -> list[dict[str, str]]:
        """The acts, and a call to the customer where a number is known."""
        changing.read_changes(obj)
        buttons: list[dict[str, str]] = super().offered(request, obj)
        return [*naming.call_button(recipients.number_of(obj)), *buttons] if self.may_act(request) else buttons

    def named(self, appointment: Appointment) -> str:
        return f"{plain_who(appointment)}, {display.local(appointment.starts_at, 'SHORT_DATETIME_FORMAT')}"

    def find(self, rows: QuerySet[Appointment], term: Term) -> QuerySet[Appointment]:
        meant = Q(calcom_uid=term.text) | Q(customer_id__in=customers_meant(term))
        if term.number is not None:
            meant |= Q(pk=term.number) | Q(calcom_booking_id=term.number)
        if term.uuid:
            meant |= Q(booking_key=term.uuid)
        if term.phones:
            meant |= term.numbers("attendee_phone")
        elif term.is_email:
            meant |= Q(attendee_email__iexact=term.text)
        elif term.means_people and term.number is None and not term.is_number:
            meant |= Q(attendee_name__icontains=term.text)
        return rows.filter(meant)

    @admin.display(description=_("Who"))
    def who(self, appointment: Appointment) -> SafeString | str:
        return who(appointment)

    @admin.display(description=_("Starts"), ordering="starts_at")
    def starts(self, appointment: Appointment) -> SafeString | str:
        return display.weekday(appointment.starts_at)

    @admin.display(description=_("Service"))
    def what(self, appointment: Appointment) -> str:
        return str(appointment.service or display.NOTHING)

    @admin.display(description=_("With"))
    def person(self, appointment: Appointment) -> str:
        return str(appointment.staff or display.NOTHING)

    @admin.display(description=_("Status"))
    def progress(self, appointment: Appointment) -> SafeString:
        return display.state(appointment)

    @admin.display(description="Cal.com")
    def calendar(self, appointment: Appointment) -> SafeString:
        return display.state(appointment, "sync_status")

    def detail(self, request: HttpRequest, appointment: Appointment) -> dict[str, Any]:
        wrong = appointment.sync_error_told(reader())
        return {
            "headline": f"{who(appointment)}, {clock_time(appointment, appointment.starts_at)}",
            "state": display.state(appointment),
            "lead": _what(appointment),
            "notes": [("danger", f"Cal.com: {wrong}")] if wrong else [],
            "facts": _facts(appointment),
            "more_facts": _calendar_facts(appointment),
            "tables": _tables(appointment, request.user),
        }


def _what(appointment: Appointment) -> str:
    facts = {"service": str(appointment.service or ""), "staff": str(appointment.staff or "")}
    if all(facts.values()):
        return gettext("%(service)s with %(staff)s") % facts
    return facts["service"] or facts["staff"]


def _facts(appointment: Appointment) -> list[tuple[str, Any]]:
    return [
        (gettext("Starts"), display.weekday(appointment.starts_at)),
        (gettext("Ends"), display.weekday(appointment.ends_at)),
        (gettext("Time zone"), appointment.timezone),
        (gettext("Before the change"), display.weekday(appointment.previous_starts_at)),
        (gettext("Customer says they come"), display.moment(appointment.customer_confirmed_at)),
        (gettext("Customer"), display.link(appointment.customer)),
        (gettext("Attendee"), appointment.attendee_name),
        (gettext("E-mail"), appointment.attendee_email),
        (gettext("Phone"), display.phone(appointment.attendee_phone)),
        (gettext("Company"), display.link(appointment.company)),
        (gettext("Branch"), display.link(appointment.branch)),
        (gettext("Call"), display.link(appointment.call)),
        (gettext("Notes"), appointment.notes),
    ]


def _calendar_facts(appointment: Appointment) -> list[tuple[str, Any]]:
    uid = appointment.calcom_uid or ""
    return [
        (gettext("State at Cal.com"), appointment.get_sync_status_display()),
        (gettext("Booked through"), appointment.get_source_display()),
        # With a uid anyone can cancel the booking without a log-in.
        (gettext("Booking uid"), f"{uid[:4]}…" if uid else ""),
        (gettext("Booking id"), appointment.calcom_booking_id),
        (gettext("Our key"), appointment.booking_key),
        (gettext("Newest change there"), display.moment(appointment.calcom_event_at)),
        (gettext("Version"), appointment.version),
        (gettext("Cancelled"), display.moment(appointment.cancelled_at)),
        (gettext("Reason"), appointment.cancellation_reason),
        (gettext("Made"), display.moment(appointment.created_at)),
        (gettext("Changed"), display.moment(appointment.updated_at)),
    ]


def _tables(appointment: Appointment, user: Any) -> list[Table]:
    scope = Scope.of(user)
    sent = list(scope.rows(appointment.notifications.all()).order_by("-id"))
    return [
        _messages(sent),
        reminding.reminders(appointment),
        *reminding.questions(appointment),
        changing.history(appointment),
        _follow_ups(appointment, scope),
        job_table(user, jobs_about([appointment, *sent, *([appointment.call] if appointment.call else [])])),
        *([_heard(appointment, scope)] if may_see(user, WebhookEvent) else []),
    ]


def _messages(sent: list[Notification]) -> Table:
    rows = [
        [
            display.link(row),
            display.state(row),
            row.version,
            display.moment(row.sent_at),
            row.why(reader()),
        ]
        for row in sent
    ]
    heads = [gettext("Message"), gettext("State"), gettext("Version"), gettext("Sent"), gettext("Reason")]
    return Table(gettext("Messages"), heads, rows, gettext("No message."))


def _follow_ups(appointment: Appointment, scope: Scope) -> Table:
    language = reader()
    rows = [
        [display.link(row, row.title(language)), display.state(row), display.minute(row.due_at), row.told(language)]
        for row in scope.rows(appointment.follow_ups.all()).order_by("-id")
    ]
    heads = [gettext("Reason"), gettext("State"), gettext("Due"), gettext("Detail")]
    return Table(gettext("Follow-ups"), heads, rows, gettext("No follow-up."))


def _heard(appointment: Any, scope: Scope) -> Table:
    events = scope.rows(WebhookEvent.about(appointment.company_id, {appointment.calcom_uid or "", *appointment.uids}))
    newest = events.defer("body").order_by("-id")[:MOST_EVENTS]
    rows = [[display.link(row, row.event_type), display.state(row), display.moment(row.received_at)] for row in newest]
    heads = [gettext("Event"), gettext("State"), gettext("Received")]
    return Table(gettext("Heard from Cal.com"), heads, rows, gettext("No webhook about it."))
