"""The jobs of appointments: each does one thing, by ids.

`company_id` says whose turn it is (`fair_by`); jobs that an earlier release has sent come without it.
"""

from datetime import datetime

from django.utils import timezone

from appointments import daily, deadlines
from appointments.booking import booker, reservations, surplus
from appointments.calcom.event import CalcomEvent
from appointments.changes import carrying_out, handlers, sync
from appointments.changes.adoption import NoCompany
from appointments.changes.mandate import Mandate, OtherTenant
from appointments.changes.mirror import Effect, Mirrored
from appointments.freed import offering
from appointments.models import Appointment
from appointments.reminders import due
from appointments.replies import answers
from askpro.by_name import job
from askpro.queues import MIN, H, S, actor, chain, send_many
from askpro.queues.errors import Gone
from askpro.queues.jobs.chains import Chain
from askpro.reading import Unreadable
from calls.models import BookingRequest, Call, Company
from notifications.twilio.event import Reply
from webhooks.inbox.reading import Malformed
from webhooks.models import WebhookEvent


@actor(
    queue_name="high",
    max_retries=4,
    backoff=(10 * S, 30 * S, 60 * S, 300 * S),
    time_limit=2 * MIN,
    no_overlap="call:{call_id}",
    urgency="first",
    fair_by="company:{company_id}",
    tags=("call:{call_id}",),
)
def create_appointment_from_call(call_id: int, company_id: int | None = None) -> None:
    """Book at Cal.com what the caller asked for, or open a follow-up for a person.

    Writes: Appointment, CalcomUid, BookingRequest, Service, FollowUp, Call, Notification, Job
    Calls: Cal.com: event types, slots, bookings (list, create)
    """
    booker.book_call(call_id)


@actor(
    queue_name="high",
    max_retries=4,
    backoff=(10 * S, 30 * S, 60 * S, 300 * S),
    time_limit=2 * MIN,
    no_overlap="request:{request_id}",
    urgency="first",
    fair_by="company:{company_id}",
    tags=("request:{request_id}",),
)
def create_appointment_from_request(request_id: int, company_id: int | None = None) -> None:
    """Book at Cal.com what came through the API, or open a follow-up for a person.

    Writes: Appointment, CalcomUid, BookingRequest, Service, FollowUp, Notification, Job
    Calls: Cal.com: event types, slots, bookings (list, create)
    """
    booker.book_request(request_id)


@actor(
    queue_name="webhooks",
    max_retries=9,
    backoff=(5 * S, 10 * S, 30 * S, 60 * S, 120 * S, 300 * S, 600 * S, 1800 * S, 3600 * S),
    time_limit=30 * S,
    atomic=True,
    rate_limit="calcom-webhooks:{tenant}",
    tags=("event:{event_id}",),
)
def process_calcom_webhook(event_id: int, tenant: str = "") -> None:
    """Mirror what Cal.com's webhook says, once; webhooks may arrive in any order.

    Writes: WebhookEvent, CalcomUid, Appointment, BookingRequest, FollowUp, Call, Staff, Notification, Job
    """
    event = WebhookEvent.take(event_id)
    if event is not None:
        _work_on(event)


@actor(
    queue_name="webhooks",
    max_retries=4,
    backoff=(5 * S, 30 * S, 2 * MIN, 10 * MIN),
    atomic=True,
    tags=("event:{event_id}",),
)
def process_inbound_sms(event_id: int) -> None:
    """Work on a customer's answer by SMS: opt out or in, cancel or move what it was about, or hand it to a person.

    Writes: WebhookEvent, OptOut, Change, FollowUp, Notification, Job
    """
    event = WebhookEvent.take(event_id)
    if event is not None:
        answers.receive(event, Reply.from_fields(event.payload))


@actor(
    queue_name="notifications",
    max_retries=2,
    backoff=(10 * S, 1 * MIN),
    time_limit=1 * MIN,
    expires=10 * MIN,
    no_overlap="reminders",
    silenced=True,
)
def send_due_reminders(now: str) -> None:
    """Write the messages of reminders that are due at `now` (ISO 8601), on the schedule; other jobs send them.

    Each row is settled for itself: what one job leaves when its time is over, and all that a job left which did not
    start in time, is there for the next.

    Writes: Reminder, Question, Notification, Job
    """
    due.send_due(datetime.fromisoformat(now))


@actor(queue_name="default", max_retries=2, time_limit=30 * S, atomic=True, unique_by="sync-all")
def sync_all_calcom_data() -> None:
    """Send a sync for every active company, on the schedule.

    Writes: Job
    """
    companies = Company.objects.filter(is_active=True).order_by("pk").values_list("pk", flat=True)
    send_many([sync_calcom_data.message(company_id=pk) for pk in companies])


@actor(
    queue_name="default",
    max_retries=2,
    time_limit=5 * MIN,
    no_overlap="sync:{company_id}",
    unique_by="sync:{company_id}",
    # All companies are due at once, and calls that have just ended wait in the same queue.
    concurrency=("sync", 3),
    urgency="last",
    fair_by="company:{company_id}",
    tags=("company:{company_id}",),
)
def sync_calcom_data(company_id: int) -> None:
    """Read event types and changed bookings of a company from Cal.com, to repair what lost webhooks missed.

    Writes: Service, SyncPoint, CalcomUid, Appointment, BookingRequest, FollowUp, Call, Staff, Notification, Job
    Calls: Cal.com: event types, bookings (list)
    """
    sync.sync_company(_company(company_id))


@actor(queue_name="default", max_retries=2, time_limit=1 * MIN, unique_by="follow-up-deadlines", silenced=True)
def escalate_follow_ups(now: str) -> None:
    """Tell of follow-ups whose deadlines have passed, on the schedule; `now` is the time of its tick (ISO 8601).

    Writes: FollowUp, Escalation, Notification, Job
    """
    deadlines.escalate(datetime.fromisoformat(now))


@actor(
    queue_name="low",
    max_retries=3,
    time_limit=30 * S,
    atomic=True,
    fair_by="company:{company_id}",
    tags=("call:{call_id}",),
)
def update_analytics(call_id: int, company_id: int | None = None) -> None:
    """Recount the call's day.

    Writes: DailyCount
    """
    call = Call.objects.select_related("company").filter(pk=call_id).first()
    if call is None:
        raise Gone(f"There is no call {call_id}.")
    daily.recount(call.company, daily.local_day(call))


@actor(queue_name="low", max_retries=2, time_limit=30 * S, atomic=True, unique_by="recount-all")
def recount_all() -> None:
    """Send a recount of the last days for every company, on the schedule.

    Writes: Job
    """
    companies = Company.objects.order_by("pk").values_list("pk", flat=True)
    send_many([recount_company.message(company_id=pk) for pk in companies])


@actor(
    queue_name="low",
    max_retries=2,
    time_limit=2 * MIN,
    atomic=True,
    fair_by="company:{company_id}",
    tags=("company:{company_id}",),
)
def recount_company(company_id: int) -> None:
    """Recount a company's last days, so that manual corrections and late events are counted, too.

    Writes: DailyCount
    """
    daily.recount_last_days(_company(company_id))


@actor(
    queue_name="low",
    max_retries=3,
    time_limit=30 * S,
    atomic=True,
    fair_by="company:{company_id}",
    tags=("request:{request_id}",),
)
def count_request(request_id: int, company_id: int | None = None) -> None:
    """Recount the day on which an API request came in.

    Writes: DailyCount
    """
    request = BookingRequest.objects.select_related("company").filter(pk=request_id).first()
    if request is None:
        raise Gone(f"There is no request {request_id}.")
    daily.recount(request.company, daily.day_in(request.company, request.created_at))


@actor(
    queue_name="default",
    max_retries=5,
    backoff=(1 * MIN, 5 * MIN, 15 * MIN, 1 * H),
    time_limit=1 * MIN,
    no_overlap="appointment:{appointment_id}",
    fair_by="company:{company_id}",
    tags=("appointment:{appointment_id}",),
)
def clear_reservation(appointment_id: int, company_id: int | None = None) -> None:
    """Release a reservation that is no longer wanted; any booking it became at Cal.com is cancelled.

    Writes: Appointment, CalcomUid, Job
    Calls: Cal.com: bookings (list)
    """
    reservations.clear(appointment_id)


@actor(
    queue_name="high",
    max_retries=8,
    backoff=(10 * S, 20 * S, 40 * S, 2 * MIN, 10 * MIN, 1 * H),
    time_limit=1 * MIN,
    no_overlap="surplus:{appointment_id}",
    unique_by="surplus:{appointment_id}",
    fair_by="company:{company_id}",
    tags=("appointment:{appointment_id}",),
)
def cancel_surplus_bookings(appointment_id: int, company_id: int | None = None) -> None:
    """Cancel surplus bookings at Cal.com: a second booking for one wish, or one at another time than asked.

    Writes: CalcomUid, FollowUp, Appointment, Notification, Job
    Calls: Cal.com: bookings (get, cancel)
    """
    surplus.cancel(appointment_id)


@actor(
    queue_name="high",
    max_retries=8,
    backoff=(10 * S, 20 * S, 40 * S, 2 * MIN, 5 * MIN),
    time_limit=1 * MIN,
    no_overlap="change:{appointment_id}",
    urgency="first",
    fair_by="company:{company_id}",
    tags=("appointment:{appointment_id}", "change:{change_id}"),
)
def carry_out_change(change_id: int, appointment_id: int, company_id: int | None = None) -> None:
    """Cancel or move an appointment at Cal.com and here, or note what was said about it; or have a person decide.

    Writes: Change, CalcomUid, Appointment, BookingRequest, FollowUp, Call, Staff, Notification, Job
    Calls: Cal.com: bookings (get, list, cancel, reschedule, confirm, decline, mark-absent), slots
    """
    carrying_out.carry_out(change_id)


@actor(
    queue_name="default",
    max_retries=8,
    backoff=(30 * S, 1 * MIN, 2 * MIN, 5 * MIN),
    time_limit=2 * MIN,
    unique_by="second:{appointment_id}",
    fair_by="company:{company_id}",
    tags=("appointment:{appointment_id}",),
)
def look_for_second_booking(appointment_id: int, company_id: int | None = None) -> None:
    """Look every minute for a second booking, while an earlier request of unknown outcome may still be carried out.

    Writes: CalcomUid, Appointment, BookingRequest, FollowUp, Call, Staff, Notification, Job
    Calls: Cal.com: bookings (list)
    """
    surplus.look(appointment_id)


@actor(
    queue_name="default",
    max_retries=8,
    backoff=(10 * S, 30 * S, 1 * MIN, 2 * MIN, 5 * MIN),
    time_limit=1 * MIN,
    no_overlap="freed_time:{freed_time_id}",
    fair_by="company:{company_id}",
    tags=("freed_time:{freed_time_id}",),
)
def offer_freed_time(freed_time_id: int, company_id: int | None = None) -> None:
    """Take a freed time's next step: offer it to whoever is next, end an offer at its deadline, follow a booking.

    Writes: FreedTime, Offer, Question, WaitingEntry, FollowUp, Notification, Job
    Calls: Cal.com: slots
    """
    offering.go_on(freed_time_id, timezone.now())


def booking_chain(request: BookingRequest) -> Chain:
    """The chain that books an open request without a job; send it in the transaction that creates the request."""
    if request.call_id is None:
        steps = (create_appointment_from_request, count_request)
        return chain([step.message(request_id=request.pk, company_id=request.company_id) for step in steps])
    booked = [create_appointment_from_call, update_analytics]
    # Without a customer, nobody could be told of the booking.
    is_known = request.call is None or request.call.customer_id is not None
    jobs = booked if is_known else [job("identify_customer"), *booked]
    return chain([each.message(call_id=request.call_id, company_id=request.company_id) for each in jobs])


def _work_on(event: WebhookEvent) -> None:
    try:
        told = CalcomEvent.from_fields(event.payload)
        if told.trigger not in handlers.HANDLERS:
            event.mark_ignored(f"{told.trigger} changes nothing here")
            return
        done = handlers.apply(told, Mandate(event.objection))
    except (Malformed, Unreadable) as error:
        event.mark_invalid(str(error))
    except NoCompany as error:
        event.mark_unassigned(str(error))
    except OtherTenant as error:
        event.refuse(str(error))
    else:
        _finish(event, done)


def _company(company_id: int) -> Company:
    company = Company.objects.filter(pk=company_id).first()
    if company is None:
        raise Gone(f"There is no company {company_id}.")
    return company


def _finish(event: WebhookEvent, done: Mirrored | Appointment | None) -> None:
    appointment = done.appointment if isinstance(done, Mirrored) else done
    if isinstance(done, Mirrored) and done.changed and appointment is not None and appointment.call_id:
        update_analytics.send(call_id=appointment.call_id, company_id=appointment.company_id)
    reason = "" if appointment is not None else "no appointment has this booking"
    if isinstance(done, Mirrored) and done.effect != Effect.APPLIED:
        reason = done.effect
    event.mark_processed(appointment.company if appointment else None, reason)
    if appointment is not None and appointment.erased_at is not None:
        event.delete_body()
