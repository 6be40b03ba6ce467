"""The story of a call: everything that was caused by it, on one time axis."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from appointments.models import Appointment, CalcomUid, Change, FollowUp
from askpro.console import deeds, display
from askpro.console.scope import Scope, may_see
from askpro.console.subjects import jobs_about
from askpro.language import engine_words, event_words
from askpro.queues.models import Attempt, Job
from calls.models import BookingRequest, Call, ending_in_words
from notifications.models import Notification
from webhooks.models import WebhookEvent

LATER = datetime.max.replace(tzinfo=UTC)
MOST_EVENTS = 200


@dataclass(slots=True)
class Entry:
    """One thing that happened. `at` is None for what has not happened yet; it stands at the end."""

    at: datetime | None
    icon: str
    title: str
    state: SafeString | str = ""
    href: str = ""
    lines: list[str] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    quote: str = ""


class Story:
    """Reads what belongs to a call, as far as the person may see it."""

    def __init__(self, call: Call, user: Any) -> None:
        self.call = call
        self.user = user
        self.scope = Scope.of(user)
        self.hidden: list[str] = []
        self._language = get_language() or settings.LANGUAGE_CODE

    @cached_property
    def entries(self) -> list[Entry]:
        """Everything in order of time."""
        parts = [
            self._call(),
            self._events(),
            self._functions(),
            self._requests(),
            self._appointments(),
            self._changes(),
            self._messages(),
        ]
        parts += [self._follow_ups(), self._jobs(), self._people()]
        return sorted(chain(*parts), key=lambda entry: entry.at or LATER)

    @cached_property
    def requests(self) -> list[BookingRequest]:
        return list(self.call.booking_requests.select_related("service", "staff").order_by("ordinal"))

    @cached_property
    def appointments(self) -> list[Any]:
        """With the `uids` of their bookings."""
        rows = self.scope.rows(CalcomUid.with_uids(Appointment.objects.filter(call=self.call)))
        return list(rows.select_related("service", "staff").order_by("id")) if self._may(Appointment) else []

    @cached_property
    def changes(self) -> list[Change]:
        belongs = Q(call=self.call) | Q(appointment__in=[row.pk for row in self.appointments])
        seen = self.scope.rows(Appointment.objects.all())
        rows = Change.objects.filter(belongs, appointment__in=seen).select_related("appointment", "company")
        return list(rows.order_by("id")) if self._may(Appointment) else []

    @cached_property
    def messages(self) -> list[Notification]:
        belongs = Q(call=self.call) | Q(appointment__in=[row.pk for row in self.appointments])
        rows = self.scope.rows(Notification.objects.filter(belongs))
        return list(rows.order_by("id")) if self._may(Notification) else []

    @cached_property
    def follow_ups(self) -> list[FollowUp]:
        belongs = Q(call=self.call) | Q(appointment__in=[row.pk for row in self.appointments])
        rows = self.scope.rows(FollowUp.objects.filter(belongs)).select_related("resolved_by")
        return list(rows.order_by("id")) if self._may(FollowUp) else []

    @cached_property
    def events(self) -> list[WebhookEvent]:
        if not self._may(WebhookEvent):
            return []
        subjects = {self.call.retell_call_id, *(uid for row in self.appointments for uid in row.uids)}
        subjects |= {row.calcom_uid for row in self.appointments if row.calcom_uid}
        subjects |= {row.provider_id for row in self.messages if row.provider_id}
        rows = self.scope.rows(WebhookEvent.about(self.call.company_id, subjects))
        return list(rows.defer("body").order_by("-id")[:MOST_EVENTS])

    @cached_property
    def jobs(self) -> list[Job]:
        # Who is no operator sees how the jobs of this call stand, and has no page to open them.
        if self.scope.is_whole and not self._may(Job):
            return []
        return list(jobs_about([self.call, *self.events, *self.appointments, *self.messages]))

    @cached_property
    def answered_after(self) -> timedelta | None:
        """From the webhook that ended the call to the first message that a provider accepted."""
        ended = [row.received_at for row in self.events if row.event_type == "call_ended"]
        sent = [row.sent_at for row in self.messages if row.sent_at and row.kind not in Notification.TO_STAFF]
        return min(sent) - min(ended) if ended and sent and min(sent) > min(ended) else None

    def _call(self) -> Iterator[Entry]:
        call = self.call
        if call.started_at:
            yield Entry(call.started_at, "call", _("Call started"))
        if call.ended_at:
            reason = ending_in_words(call.disconnection_reason)
            yield Entry(call.ended_at, "call_end", _("Call ended"), lines=[reason] if reason else [])

    def _events(self) -> Iterator[Entry]:
        for row in self.events:
            lines = [event_words.told(row.reason)] if row.reason else []
            if row.duplicates:
                again = _("Sent again: %(count)s times, most recently at %(at)s.")
                lines.append(again % {"count": row.duplicates, "at": _clock(row.last_duplicate_at)})
            if row.replays:
                lines.append(_("Replayed: %(count)s times.") % {"count": row.replays})
            facts = {"vendor": row.get_provider_display(), "event": row.event_type}
            title = _("%(vendor)s webhook %(event)s") % facts
            yield _entry(row, row.received_at, "webhook", title, lines)

    def _functions(self) -> Iterator[Entry]:
        for row in self.call.function_calls.all():
            again = _("Asked again: %(count)s times; the answer was the same.") % {"count": row.repeats}
            lines = [again] if row.repeats else []
            state = display.state(row, "outcome") if row.outcome else ""
            title, said = (
                _("The agent asked for %(function)s") % {"function": row.name},
                str(row.answer.get("spoken", "")),
            )
            yield Entry(row.created_at, "support_agent", title, state, "", lines, quote=said)

    def _requests(self) -> Iterator[Entry]:
        for row in self.requests:
            lines = [row.unclear_told(self._language)] if row.unclear else []
            if row.starts_at:
                lines.append(_("Read as %(at)s.") % {"at": _clock(row.starts_at, "WEEKDAY_TIME_FORMAT")})
            title = _("Booking request %(number)s") % {"number": row.ordinal}
            words = " · ".join(filter(None, [row.date_words, row.time_words, row.service_words, row.staff_words]))
            yield Entry(row.created_at, "edit_calendar", title, display.state(row), "", lines, quote=words)

    def _appointments(self) -> Iterator[Entry]:
        for row in self.appointments:
            lines = [_("Cal.com: %(state)s") % {"state": row.get_sync_status_display()}]
            lines += [row.sync_error_told(self._language)] if row.sync_error else []
            title = f"{_about(row)}, {_clock(row.starts_at, 'WEEKDAY_TIME_FORMAT')}"
            yield _entry(row, row.created_at, "event", title, lines)
            if row.cancelled_at:
                lines = [row.cancellation_reason] if row.cancellation_reason else []
                yield _entry(row, row.cancelled_at, "event_busy", _("Appointment cancelled"), lines)

    def _changes(self) -> Iterator[Entry]:
        for row in self.changes:
            before = {"channel": row.get_channel_display(), "at": _clock(row.before, "WEEKDAY_TIME_FORMAT")}
            lines = [_("%(channel)s; before: %(at)s.") % before]
            lines += [row.told(self._language)] if row.detail else []
            title, pill = str(row.get_kind_display()), display.state(row, "state")
            if row.starts_at:
                facts = {"change": title, "at": _clock(row.starts_at, "WEEKDAY_TIME_FORMAT")}
                title = _("%(change)s, now: %(at)s") % facts
            page = display.address(row.appointment)
            yield Entry(row.created_at, "event_repeat", title, pill, page, lines, quote=row.reason)

    def _messages(self) -> Iterator[Entry]:
        for row in self.messages:
            lines = [_sent_to(row)] if row.recipient else []
            lines += [row.why(self._language)] if row.reason else []
            if row.delivered_at:
                lines.append(_("Delivered at %(at)s.") % {"at": _clock(row.delivered_at)})
            facts = {"kind": row.get_kind_display(), "channel": row.get_channel_display()}
            title = _("%(kind)s by %(channel)s") % facts
            icon = "sms" if row.channel == Notification.Channel.SMS else "mail"
            yield _entry(row, row.sent_at or row.created_at, icon, title, lines)

    def _follow_ups(self) -> Iterator[Entry]:
        for row in self.follow_ups:
            lines = [row.told(self._language)] if row.detail else []
            lines.append(_("Call back by %(at)s.") % {"at": _clock(row.due_at, "WEEKDAY_TIME_FORMAT")})
            title = _("Follow-up: %(title)s") % {"title": row.title(self._language)}
            yield _entry(row, row.created_at, "phone_callback", title, lines)
            if row.resolved_at:
                title = _("Follow-up resolved") if row.resolved_by else _("Follow-up settled by itself")
                yield Entry(
                    row.resolved_at, "task_alt", title, "", display.address(row), [], [], row.note_told(self._language)
                )

    def _jobs(self) -> Iterator[Entry]:
        for row in sorted(self.jobs, key=lambda job: job.chain_step or 0):
            attempts = list(row.attempts.all())
            started = [attempt.started_at for attempt in attempts if attempt.started_at]
            at = (
                min(started, default=None)
                or row.finished_at
                or (row.ready_at if row.status == Job.Status.PROCESSING else None)
            )
            name = row.error_class.rpartition(".")[2]
            lines = (
                [f"{name}: {engine_words.told(row.error_message)}"]
                if name and row.status == "dead" and self._opens_jobs
                else []
            )
            if row.releases:
                facts = {"count": row.releases, "reason": engine_words.told(row.release_reason) or "–"}
                lines.append(_("Put back: %(count)s times; last reason: %(reason)s.") % facts)
            entry = _entry(row, at, "settings", row.actor_name, lines)
            entry.attempts = attempts
            entry.href = entry.href if self._opens_jobs else ""
            yield entry

    def _people(self) -> Iterator[Entry]:
        rows = [self.call, *self.events, *self.jobs, *self.follow_ups, *self.appointments, *self.messages]
        wanted = Q()
        for model, kind in ContentType.objects.get_for_models(*{type(row) for row in rows}).items():
            wanted |= Q(content_type=kind, object_id__in=[str(row.pk) for row in rows if type(row) is model])
        for entry in self.scope.deeds(LogEntry.objects.filter(wanted)).select_related("user", "content_type"):
            title = f"{entry.user.get_username()}: {deeds.told(entry)}"
            yield Entry(entry.action_time, "person", title, lines=[f"{entry.content_type} {entry.object_repr}"])

    @property
    def _opens_jobs(self) -> bool:
        return may_see(self.user, Job)

    def _may(self, model: type[Model]) -> bool:
        """Whether the person may see rows of this model; what is hidden is said."""
        allowed = may_see(self.user, model)
        name = str(model._meta.verbose_name_plural)
        if not allowed and name not in self.hidden:
            self.hidden.append(name)
        return allowed


def _entry(row: Any, at: datetime | None, icon: str, title: str, lines: list[str]) -> Entry:
    return Entry(at, icon, title, display.state(row), display.address(row), lines)


def _sent_to(message: Notification) -> str:
    is_number = message.channel == Notification.Channel.SMS
    shown = display.phone(message.recipient) if is_number else message.recipient
    return format_html(_("To %(recipient)s") % {"recipient": "{}"}, shown)


def _clock(value: datetime | None, pattern: str = "H:i:s") -> str:
    return display.local(value, pattern) if value else display.NOTHING


def _about(appointment: Appointment) -> str:
    if appointment.service and appointment.staff:
        facts = {"service": appointment.service, "staff": appointment.staff}
        return _("%(service)s with %(staff)s") % facts
    return str(appointment.service or appointment.staff or _("Appointment"))
