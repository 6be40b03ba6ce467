"""Books what a stored call asked for."""

from collections.abc import Iterator
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from appointments.booking.rules import problem_with
from appointments.models import FollowUp
from appointments.sweepers import BOOKING_ACTORS
from appointments.tasks import create_appointment_from_call, update_analytics
from askpro.queues.errors import JobError
from askpro.queues.models import Job
from askpro.sweeping import tagged
from calls.models import BookingRequest, Call
from calls.sweepers import READERS
from calls.tasks import extract_call_data, identify_customer

Status = BookingRequest.Status
WORKERS: Final = (*READERS, *BOOKING_ACTORS)


class Command(BaseCommand):
    help = (
        "Read a stored call's requests and book those that are open, by the steps of its jobs. What is booked, or with "
        "a person, stays as it is. Ends with 1 if something is left open."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("call", metavar="CALL", help="its number here, or its id at Retell")
        parser.add_argument("--dry-run", action="store_true", help="only show the requests as they are read")

    def handle(self, *args: Any, **options: Any) -> None:
        call = _call(options["call"])
        if call.end_heard_at is None:
            raise CommandError(f"Call {call.pk} has not ended: its end was never heard of. sync_retell asks for it.")
        if tagged(f"call:{call.pk}").filter(actor_name__in=WORKERS, status__in=Job.LIVE).exists():
            raise CommandError(f"A job is at work on call {call.pk}: look at it in the console, or wait.")
        try:
            self._show(call) if options["dry_run"] else self._book(call)
        except JobError as error:
            raise CommandError(f"{error}. What is open stays open: run it again later.") from error

    def _show(self, call: Call) -> None:
        with transaction.atomic():
            extract_call_data(call_id=call.pk, company_id=call.company_id)
            for request in _requests(call):
                self.stdout.write(f"request {request.ordinal}: {request.get_status_display().lower()}")
                for line in _as_read(request):
                    self.stdout.write(f"    {line}")
            if not _requests(call):
                self.stdout.write("It asks for nothing.")
            transaction.set_rollback(True)

    def _book(self, call: Call) -> None:
        with transaction.atomic():
            extract_call_data(call_id=call.pk, company_id=call.company_id)
            identify_customer(call_id=call.pk, company_id=call.company_id)
        before = {request.pk: request.status for request in _requests(call)}
        try:
            create_appointment_from_call(call_id=call.pk, company_id=call.company_id)
        finally:
            for request in _requests(call):
                self.stdout.write(f"request {request.ordinal}: {_became(request, before.get(request.pk, ''))}")
        update_analytics.send(call_id=call.pk, company_id=call.company_id)
        if not before:
            self.stdout.write("It asks for nothing.")


def _call(written: str) -> Call:
    by_number = Q(pk=int(written)) if written.isascii() and written.isdigit() and len(written) < 18 else Q()
    chosen = by_number or Q(retell_call_id=written)
    found = list(Call.objects.filter(chosen).select_related("company", "branch__company")[:2])
    if not found:
        raise CommandError(f"There is no call {written}.")
    if len(found) > 1:
        numbers = ", ".join(f"{call.pk} ({call.company.slug})" for call in found)
        raise CommandError(f"Several companies have a call {written}: {numbers}. Give its number here.")
    return found[0]


def _requests(call: Call) -> QuerySet[BookingRequest]:
    related = ("company", "service", "staff", "branch__company", "call__branch__company", "call__customer", "customer")
    return BookingRequest.objects.filter(call=call.pk).select_related(*related).order_by("ordinal")


def _as_read(request: BookingRequest) -> Iterator[str]:
    said = (request.date_words, request.time_words, request.service_words, request.staff_words, request.branch_words)
    yield f"said: {', '.join(filter(None, said)) or 'nothing'}"
    if request.starts_at is not None:
        yield f"time: {request.starts_at.astimezone(request.where.zone):%Y-%m-%d %H:%M}, {request.where.zone.key}"
    yield f"at: {request.where.name}; service: {request.service or 'none'}; with: {request.staff or 'anybody'}"
    if request.status != Status.OPEN:
        return
    problem = problem_with(request, timezone.now())
    if problem is None:
        yield "would be booked at Cal.com"
    else:
        yield f"would go to a person: {FollowUp.Reason(problem.reason).tell(language='en')}"


def _became(request: BookingRequest, before: str) -> str:
    if request.status == before and before != Status.OPEN:
        return f"{request.get_status_display().lower()} before; nothing was done"
    appointment = getattr(request, "appointment", None)
    if request.status == Status.BOOKED and appointment is not None:
        local = appointment.starts_at.astimezone(request.where.zone)
        return f"booked: appointment {appointment.pk}, {local:%Y-%m-%d %H:%M}"
    asked = FollowUp.objects.filter(booking_request=request, status=FollowUp.Status.OPEN).order_by("-pk").first()
    if asked is not None:
        return f"{request.get_status_display().lower()}; follow-up {asked.pk}: {asked.title('en')}"
    return request.get_status_display().lower()
