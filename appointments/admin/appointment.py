"""The pages of appointments. Cal.com has the authoritative state, so they are changed there first: by acts."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from appointments.admin import changing, reminding
from appointments.admin.calendar import board
from appointments.admin.naming import who
from appointments.models import Appointment
from askpro.console import display
from askpro.console.acts import Act
from askpro.console.customers import customers_meant
from askpro.console.day_range import DayRangeFilter
from askpro.console.filters import CompanyFilter
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.scope import Scope, may_see
from askpro.console.subjects import jobs_about
from askpro.console.table import Table, job_table
from askpro.console.term import Term
from webhooks.models import WebhookEvent


@admin.register(Appointment)
class AppointmentAdmin(ReadOnlyModelAdmin):
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
    page_related = ("company", "branch__company", "customer", "service", "staff", "call")
    list_defer = ("notes",)
    ordering = ("-id",)
    sortable_by = ("starts",)
    search_help_text = "Name, phone number, e-mail or booking uid"
    empty_text = "Calls that ask for one and bookings at Cal.com appear here. Or run: python3 manage.py demo_call"
    detail_template = "console/appointment.html"
    acts = (
        Act(
            name="move",
            label="Move",
            icon="event_repeat",
            explain="Move it to another time, at Cal.com and here. If the new time is taken, it stays where it is.",
            done="to be moved: its page shows when that is done",
            note="Why? Cal.com is told.",
            note_required=True,
            when="New time, where the appointment is",
            zone=changing.zone,
            possible=changing.may_move,
            run_at=changing.move,
            follows=changing.follows,
        ),
        Act(
            name="cancel",
            label="Cancel appointment",
            icon="event_busy",
            explain="Cancel it, at Cal.com and here. A cancelled appointment cannot be brought back: its time is free.",
            done="to be cancelled: its page shows when that is done",
            note="Why? Cal.com is told.",
            note_required=True,
            possible=changing.may_cancel,
            run=changing.cancel,
            follows=changing.follows,
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        calendar_view = self.admin_site.admin_view(self.calendar_view)
        return [path("calendar/", calendar_view, name="calendar"), *super().get_urls()]

    def calendar_view(self, request: HttpRequest) -> HttpResponse:
        """A day by staff, or a week by days."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {**self.admin_site.each_context(request), "opts": self.opts, **board(request)}
        return TemplateResponse(request, "console/calendar.html", context)

    def named(self, appointment: Appointment) -> str:
        who = appointment.attendee_name or appointment.customer or "Unknown"
        return f"{who}, {display.local(appointment.starts_at, 'j M Y, H:i')}"

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
        elif term.number is None and not term.is_number:
            meant |= Q(attendee_name__icontains=term.text)
        return rows.filter(meant)

    @admin.display(description="Who")
    def who(self, appointment: Appointment) -> SafeString | str:
        return who(appointment)

    @admin.display(description="Starts", ordering="starts_at")
    def starts(self, appointment: Appointment) -> SafeString | str:
        return display.weekday(appointment.starts_at)

    @admin.display(description="Service")
    def what(self, appointment: Appointment) -> str:
        return str(appointment.service or display.NOTHING)

    @admin.display(description="With")
    def person(self, appointment: Appointment) -> str:
        return str(appointment.staff or display.NOTHING)

    @admin.display(description="Status")
    def progress(self, appointment: Appointment) -> SafeString:
        return display.state(appointment)

    @admin.display(description="Cal.com")
    def calendar(self, appointment: Appointment) -> SafeString:
        return display.state(appointment, "sync_status")

    def detail(self, request: HttpRequest, appointment: Appointment) -> dict[str, Any]:
        what = " with ".join(str(part) for part in (appointment.service, appointment.staff) if part)
        return {
            "headline": f"{self.who(appointment)}, {display.local(appointment.starts_at, 'D j M Y, H:i')}",
            "state": display.state(appointment),
            "lead": what,
            "notes": [("danger", f"Cal.com: {appointment.sync_error_told()}")] if appointment.sync_error else [],
            "facts": _facts(appointment),
            "more_facts": _calendar_facts(appointment),
            "tables": _tables(appointment, request.user),
        }


def _facts(appointment: Appointment) -> list[tuple[str, Any]]:
    return [
        ("Starts", display.weekday(appointment.starts_at)),
        ("Ends", display.weekday(appointment.ends_at)),
        ("Time zone", appointment.timezone),
        ("Before the change", display.weekday(appointment.previous_starts_at)),
        ("Customer says they come", display.moment(appointment.customer_confirmed_at)),
        ("Customer", display.link(appointment.customer)),
        ("Attendee", appointment.attendee_name),
        ("E-mail", appointment.attendee_email),
        ("Phone", display.phone(appointment.attendee_phone)),
        ("Company", display.link(appointment.company)),
        ("Branch", display.link(appointment.branch)),
        ("Call", display.link(appointment.call)),
        ("Notes", appointment.notes),
    ]


def _calendar_facts(appointment: Appointment) -> list[tuple[str, Any]]:
    uid = appointment.calcom_uid or ""
    return [
        ("State at Cal.com", appointment.get_sync_status_display()),
        ("Booked through", appointment.get_source_display()),
        # With a uid anyone can cancel the booking without a log-in.
        ("Booking uid", f"{uid[:4]}…" if uid else ""),
        ("Booking id", appointment.calcom_booking_id),
        ("Our key", appointment.booking_key),
        ("Newest change there", display.moment(appointment.calcom_event_at)),
        ("Version", appointment.version),
        ("Cancelled", display.moment(appointment.cancelled_at)),
        ("Reason", appointment.cancellation_reason),
        ("Made", display.moment(appointment.created_at)),
        ("Changed", display.moment(appointment.updated_at)),
    ]


def _tables(appointment: Appointment, user: Any) -> list[Table]:
    scope, language = Scope.of(user), appointment.company.language
    sent = list(scope.rows(appointment.notifications.all()).order_by("-id"))
    messages = [
        [display.link(row), display.state(row), row.version, display.moment(row.sent_at), row.why(language)]
        for row in sent
    ]
    uids = {appointment.calcom_uid or "", *appointment.calcom_uids.values_list("uid", flat=True)}
    events = scope.rows(WebhookEvent.about(appointment.company_id, uids)).defer("body").order_by("-id")[:50]
    follow_ups = [
        [display.link(row, row.title(language)), display.state(row), display.minute(row.due_at), row.told(language)]
        for row in scope.rows(appointment.follow_ups.all()).order_by("-id")
    ]
    hears = may_see(user, WebhookEvent)
    heard = [[display.link(row, row.event_type), display.state(row), display.moment(row.received_at)] for row in events]
    return [
        Table("Messages", ["Message", "State", "Version", "Sent", "Reason"], messages, "No message."),
        reminding.reminders(appointment),
        *reminding.questions(appointment),
        changing.history(appointment),
        Table("Follow-ups", ["Reason", "State", "Due", "Detail"], follow_ups, "No follow-up."),
        job_table(user, jobs_about([appointment, *sent, *([appointment.call] if appointment.call else [])])),
        *(
            [Table("Heard from Cal.com", ["Event", "State", "Received"], heard, "No webhook about it.")]
            if hears
            else []
        ),
    ]
