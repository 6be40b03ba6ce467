"""The pages of an appointment: it is shown, confirmed by its customer, cancelled and moved."""

from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from appointments.availability import choices as times
from appointments.availability.choices import Choices
from appointments.changes import request as changes
from appointments.changes.request import Origin
from appointments.models import Appointment, Change
from appointments.page import facts
from appointments.page.places import place
from appointments.page.standing import Standing, State, refusal
from appointments.page.view import Page, Redirect
from appointments.page.wording import Words
from askpro.queues.errors import JobError
from notifications import links
from notifications.text import dates, ics
from notifications.text.entry import entry_of

BY_PAGE: Final = Origin(Change.Channel.PAGE)
# Seconds that a customer waits for Cal.com to carry out a change; after that a job does, and the page says so.
PATIENCE: Final = 4.0


class AppointmentPage(Page):
    """A page about one appointment, as it stands now."""

    kind = links.Kind.APPOINTMENT
    appointment: Appointment
    standing: Standing

    def find(self, pk: int) -> Appointment | None:
        rows = Appointment.objects.select_related(
            "company", "branch__company", "service", "staff", "customer", "booking_request__staff"
        )
        appointment = rows.filter(pk=pk, erased_at=None, company__is_active=True).first()
        return None if appointment is None or links.is_over(appointment, timezone.now()) else appointment

    def language_of(self, about: Appointment) -> str:
        return (about.customer or about.company).language

    def open(self, about: Appointment) -> None:
        self.appointment = about
        self.standing = Standing(about, about.changes.first(), timezone.now())

    def moment(self, at: datetime) -> str:
        return facts.moment(self.appointment, at, self.language)

    def home(self) -> HttpResponse:
        return Redirect(self.url("appointment"))

    def part(self, template: str, headline: Words, status: HTTPStatus = HTTPStatus.OK, **values: Any) -> HttpResponse:
        """A page with the appointment's facts at hand."""
        known = {
            "company": self.appointment.company.name,
            "headline": headline,
            "facts": list(facts.of(self.appointment, self.language)),
            "phone": facts.phone(self.appointment.branch),
            "back": self.url("appointment"),
        }
        return self.page(template, status, **known | values)

    def overview(self, status: HTTPStatus = HTTPStatus.OK, news: Words | None = None) -> HttpResponse:
        """The appointment and all that can be done about it."""
        standing, state = self.standing, self.standing.state
        moves_to = {"when": self.moment(standing.moves_to)} if standing.moves_to else {}
        return self.part(
            "page/appointment.html",
            state.headline,
            status,
            standing=standing,
            lead=state.lead.tell(moves_to),
            tone=state.tone,
            news=news or standing.news,
            urls={name: self.url(name) for name in ("calendar", "confirm", "cancel", "move")},
            seal=self.seal("confirm", *standing.shown),
        )

    def stale(self) -> HttpResponse:
        """The form was made for another state of the appointment: nothing is done."""
        return self.overview(HTTPStatus.CONFLICT, Words.STALE)

    def answer(self, change: Change) -> HttpResponse:
        """What came of a wish: said at once where nothing is done, else read from the appointment's page."""
        if change.state != Change.State.REFUSED:
            return self.home()
        about = self.find(self.appointment.pk)
        self.open(about or self.appointment)
        return self.overview(HTTPStatus.CONFLICT, refusal(change))


class Overview(AppointmentPage):
    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.overview()


class Calendar(AppointmentPage):
    """The appointment for the customer's own calendar."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not self.standing.is_fixed:
            return self.home()
        file = ics.calendar(entry_of(self.appointment))
        headers = {"Content-Disposition": 'attachment; filename="termin.ics"'}
        return HttpResponse(file, content_type="text/calendar; charset=utf-8; method=PUBLISH", headers=headers)


class Confirm(AppointmentPage):
    """The customer says that they come."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.home()

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if self.standing.state == State.COMING:
            return self.home()
        if not self.standing.may_confirm or not self.is_sealed("confirm", *self.standing.shown):
            return self.stale()
        self.appointment.note_confirmed_by_customer()
        return self.home()


class Cancel(AppointmentPage):
    """Asked once more, then cancelled."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not self.standing.may_cancel:
            return self.home()
        sealed = self.seal("cancel", *self.standing.shown)
        return self.part("page/cancel.html", Words.REALLY_CANCEL, seal=sealed, act=self.url("cancel"))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if self.standing.state == State.CANCELLED:
            return self.home()
        if not self.standing.is_open or not self.is_sealed("cancel", *self.standing.shown):
            return self.stale()
        with place() as has_place:
            change = changes.cancel(self.appointment, BY_PAGE, patience=PATIENCE if has_place else 0.0)
        return self.answer(change)


class Move(AppointmentPage):
    """A free time is chosen, asked once more, then the appointment is moved to it."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not self.standing.may_move:
            return self.home()
        to = times.read(request.GET.get("to", ""))
        return self._choose() if to is None else self._ask(to)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        to = times.read(request.POST.get("to", ""))
        if to == self.appointment.starts_at:
            return self.home()
        is_sealed = to is not None and self.is_sealed("move", times.code(to), *self.standing.shown)
        if to is None or not is_sealed or not self.standing.is_open:
            return self.stale()
        with place() as has_place:
            change = changes.move(self.appointment, to, BY_PAGE, patience=PATIENCE if has_place else 0.0)
        return self.answer(change)

    def _choose(self) -> HttpResponse:
        found = self._choices()
        status = HTTPStatus.OK if found is not None else HTTPStatus.SERVICE_UNAVAILABLE
        days = self._days(found) if found is not None else []
        news = Words.CANNOT_LOOK if found is None else None if days else Words.NOTHING_FREE
        later = found.later if found is not None else None
        return self.part(
            "page/times.html",
            Words.CHOOSE,
            status,
            lead=Words.CHOOSE_LEAD.tell({"when": self.moment(self.appointment.starts_at)}),
            news=news,
            days=days,
            later=self.url("move", **{"from": later.isoformat()}) if later else "",
            first=self.url("move") if "from" in self.request.GET else "",
        )

    def _choices(self) -> Choices | None:
        """The free times; None while nobody can say which are free."""
        with place() as has_place:
            try:
                asked_from = self.request.GET.get("from", "")
                wanted = times.another_time(self.appointment)
                return times.choices(wanted, asked_from, self.standing.now) if has_place else None
            except JobError:
                return None

    def _days(self, found: Choices) -> list[tuple[str, list[dict[str, str]]]]:
        """Each day with its times, and where each leads."""
        return [
            (dates.date(starts[0], self.language), [self._time(start) for start in starts]) for _, starts in found.days
        ]

    def _time(self, start: datetime) -> dict[str, str]:
        return {
            "clock": f"{start:%H:%M}",
            "moment": dates.moment(start, self.language),
            "url": self.url("move", to=times.code(start)),
        }

    def _ask(self, to: datetime) -> HttpResponse:
        code, service = times.code(to), self.appointment.service
        return self.part(
            "page/move.html",
            Words.MOVE_TO_THIS,
            facts=[(Words.NEW_TIME, self.moment(to)), (Words.UNTIL_NOW, self.moment(self.appointment.starts_at))],
            may_be_another=service is not None and service.staff.filter(is_active=True).count() > 1,
            to=code,
            seal=self.seal("move", code, *self.standing.shown),
            act=self.url("move"),
            others=self.url("move"),
        )
