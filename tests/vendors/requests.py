"""The requests of the matrix: for each, the situation in which a job makes it, and what must hold afterwards."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from django.db import transaction
from django.utils import timezone

from appointments.calcom import client as calcom
from appointments.changes.mirror import mirror
from appointments.changes.request import Origin, cancel, confirm, decline, move, note_no_show
from appointments.models import Appointment, CalcomUid, Change, FollowUp, SyncPoint
from appointments.models.follow_up import CHANGE as FOLLOWED_UP
from appointments.tasks import (
    booking_chain,
    cancel_surplus_bookings,
    carry_out_change,
    create_appointment_from_call,
    sync_calcom_data,
)
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from askpro.privacy.erasing.run import ask_vendor
from askpro.privacy.models import Erasure, Item, Wanted
from askpro.queues.errors import JobError
from askpro.queues.models import FleetEvent, Job
from calls.models import BookingRequest, Company, PhoneNumber, Service
from calls.models import Call as RetellCall
from notifications import outbox, tasks
from notifications.models import Notification
from tests.appointments.salon import branch, call, company, customer, request, service, staff
from tests.calls.recorded import recorded as recorded_retell
from tests.vendors.faults import HTTP_FAULTS, SMTP_FAULTS, Fault
from webhooks.tasks import ask_for_retell_call, sync_all_retell_calls

NOW = datetime(2026, 12, 1, 9, 15, tzinfo=UTC)  # a Tuesday
WISH = datetime(2026, 12, 3, 13, 0, tzinfo=UTC)  # Thursday, 14:00 in Berlin
WEEK = timedelta(days=7)
LATER = datetime(2026, 12, 4, 9, 30, tzinfo=UTC)
HAIRCUT, HOSTS = 4711, (20817, 20818)
KEY = LOCAL["CALCOM_API_KEY"]
MOBILE, ADDRESS = "+4915550100456", "ole.linde@example.org"


@dataclass
class World:
    """The situation of a cell of the matrix; `about` is the row that its job works on, `ahead` the clock's lead."""

    sandbox: SandboxClient
    ahead: int = 0
    about: Any = None
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Asked:
    """One request of one vendor. `is_settled`: nothing is left to do; `witness`: who or what says that it waits."""

    name: str
    route: str
    start: Callable[[World], None]
    is_settled: Callable[[World], bool]
    outcome: Callable[[World], str]
    witness: Callable[[World], bool]
    prepare: Callable[[World], None] = lambda world: None

    @property
    def vendor(self) -> str:
        return self.route.partition(".")[0]

    @property
    def faults(self) -> tuple[Fault, ...]:
        return SMTP_FAULTS if self.vendor == "smtp" else HTTP_FAULTS


def _wish(world: World) -> None:
    at = branch(company(calcom_api_key=KEY, sms_enabled=False))
    cut = service(at.company, HAIRCUT, duration_minutes=45)
    for id_ in HOSTS:
        staff(at, id_, name=f"Host {id_}", email=f"{id_}@example.org")
    world.about = request(call(at, customer(at.company)), service=cut, starts_at=WISH)


def _unjudged(world: World) -> None:
    _wish(world)
    Service.objects.update(judged_at=None)


def _taken(world: World) -> None:
    _wish(world)
    world.sandbox.fill(HAIRCUT, WISH)


def _lost_answer(world: World) -> None:
    """An earlier try has booked, but got no answer and could not look for the booking."""
    _wish(world)
    world.sandbox.fault("calcom.create_booking", drop="after")
    world.sandbox.fault("calcom.list_bookings", status=503)
    _try(world.about)


def _twice(world: World) -> None:
    """Two bookings of one wish, one of which is to be cancelled."""
    _wish(world)
    _try(world.about)
    appointment = Appointment.objects.get()
    body = {
        "start": WISH.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventTypeId": HAIRCUT,
        "attendee": {"name": "Ole Linde", "email": ADDRESS, "timeZone": "Europe/Berlin"},
        "metadata": {"askpro_booking_key": str(appointment.booking_key)},
    }
    assert world.sandbox.calcom("POST", "/v2/bookings", key=KEY, **body).status_code == 201
    for found in calcom.for_company(appointment.company).find_bookings_by_key(*appointment.look_up):
        with transaction.atomic():
            mirror(found, timezone.now())
    Job.objects.filter(actor_name="cancel_surplus_bookings").delete()
    assert CalcomUid.objects.filter(surplus_since__isnull=False).count() == 1


def _try(wish: BookingRequest) -> None:
    try:
        create_appointment_from_call(call_id=wish.call_id)
    except JobError:
        return


def _book(world: World) -> None:
    booking_chain(world.about).send()


def _is_booked_or_handed_over(world: World) -> bool:
    return BookingRequest.objects.get().status != BookingRequest.Status.OPEN


def _has_open_follow_up(world: World) -> bool:
    return FollowUp.objects.filter(status=FollowUp.Status.OPEN).exclude(reason="untold").exists()


def _what_became_of_the_wish(world: World) -> str:
    wish = BookingRequest.objects.get()
    # The caller has no channel for messages; who calls then does not depend on the vendor.
    opened = FollowUp.objects.filter(status=FollowUp.Status.OPEN).exclude(reason="untold")
    reasons = [*opened.order_by("pk").values_list("reason", flat=True)]
    if wish.status == BookingRequest.Status.BOOKED:
        told = FollowUp.objects.filter(status=FollowUp.Status.OBSOLETE).exists()
        return f"booked{'; meanwhile a person was told' if told else ''}{''.join(f'; {reason}' for reason in reasons)}"
    if wish.status == BookingRequest.Status.FOLLOW_UP:
        return f"a person books ({', '.join(reasons)})"
    return f"not booked, a person is told ({', '.join(reasons)})" if reasons else "not booked"


def _cancel(world: World) -> None:
    cancel_surplus_bookings.send(appointment_id=Appointment.objects.get().pk)


def _is_cancelled(world: World) -> bool:
    return not CalcomUid.objects.filter(surplus_since__isnull=False, ended_at=None).exists()


def _what_became_of_the_second(world: World) -> str:
    told = FollowUp.objects.filter(reason=FollowUp.Reason.NOT_CANCELLED)
    if _is_cancelled(world):
        return f"cancelled{'; meanwhile a person was told' if told.exists() else ''}"
    return f"not cancelled, {'a person is told' if told.filter(status=FollowUp.Status.OPEN) else 'nobody is told'}"


def _booked(world: World) -> None:
    _wish(world)
    _try(world.about)
    world.about = Appointment.objects.get(status="confirmed")


def _asked_of_the_host(world: World) -> None:
    """A booking to which the host has to say yes or no."""
    world.sandbox.switch(confirmation_required=[HAIRCUT])
    _wish(world)
    Service.objects.update(needs_confirmation=True)
    _try(world.about)
    world.about = Appointment.objects.get(status="requested")
    assert world.about.calcom_uid is not None


def _begun(world: World) -> None:
    """One that has begun: booked a week ago, when it was still to come."""
    then = NOW - WEEK
    world.sandbox.set_calcom_clock(then)
    with time_machine.travel(then, tick=False):
        _wish(world)
        BookingRequest.objects.update(starts_at=WISH - WEEK)
        _try(world.about)
    world.sandbox.set_calcom_clock(NOW)
    # Of the booking; what follows is about the mark alone.
    Job.objects.all().delete()
    world.about = Appointment.objects.get(status="confirmed")
    assert world.about.calcom_uid is not None


def _lost_change(world: World) -> None:
    """An earlier try has moved it, but got no answer."""
    _booked(world)
    change = _wanted(world, LATER)
    world.sandbox.fault("calcom.reschedule_booking", drop="after")
    try:
        carry_out_change(change_id=change.pk, appointment_id=world.about.pk)
    except JobError:
        return


def _wanted(world: World, to: datetime | None) -> Change:
    by = Origin(Change.Channel.API)
    return cancel(world.about, by) if to is None else move(world.about, to, by)


def _cancel_it(world: World) -> None:
    _wanted(world, None)


def _move_it(world: World) -> None:
    _wanted(world, LATER)


def _by_staff() -> Origin:
    return Origin(Change.Channel.CONSOLE)


def _confirm_it(world: World) -> None:
    confirm(world.about, _by_staff())


def _decline_it(world: World) -> None:
    decline(world.about, _by_staff(), "Closed that day.")


def _note_absence(world: World) -> None:
    note_no_show(world.about, _by_staff())


def _is_changed(world: World) -> bool:
    return not Change.objects.filter(state=Change.State.WAITING).exists()


def _what_became_of_the_change(world: World) -> str:
    change = Change.objects.exclude(channel=Change.Channel.CALCOM).get()
    about = FollowUp.objects.filter(topic=FOLLOWED_UP)
    if change.state == Change.State.DONE:
        if not _is_so_at_calcom(world, change):
            world.problems.append("Cal.com holds something else than what was wished for")
        return f"done{'; meanwhile a person was told' if about.exists() else ''}"
    told = "a person is told" if about.filter(status=FollowUp.Status.OPEN).exists() else "nobody is told"
    return f"{change.state}, {told} ({change.detail or 'waits'})"


def _is_so_at_calcom(world: World, change: Change) -> bool:
    """Whether Cal.com holds what the change wished for, and nothing else."""
    start = change.starts_at or change.before
    there = world.sandbox.bookings("accepted")
    ends_it = change.kind in (Change.Kind.CANCEL, Change.Kind.DECLINE)
    wished = [] if ends_it else [f"{start:%Y-%m-%dT%H:%M:%S}.000Z"]
    marked = [guest["absent"] for booking in there for guest in booking["attendees"]]
    is_marked = any(marked) is (change.kind == Change.Kind.NO_SHOW)
    is_there = [booking["start"] for booking in there] == wished
    return is_there and is_marked and not world.sandbox.bookings("pending")


def _salon(world: World) -> None:
    at = branch(company(calcom_api_key=KEY))
    service(at.company, HAIRCUT)
    world.about = at.company
    # The first reading is done, so that changes are asked for twice.
    SyncPoint.objects.create(company=at.company, part="bookings", read_until=timezone.now() - timedelta(days=1))


def _sync(world: World) -> None:
    sync_calcom_data.send(company_id=world.about.pk)


def _is_read(world: World) -> bool:
    return SyncPoint.objects.filter(part="bookings", read_until__gte=NOW).exists()


def _what_was_read(world: World) -> str:
    return "read" if _is_read(world) else "left to the next sync"


def _job_says_so(world: World) -> bool:
    """Its attempts, or what it waits for, stand on its page; a dead one is listed."""
    return Job.objects.exclude(status="completed").exists() or FleetEvent.objects.exists()


def _never_told(world: World) -> None:
    """A call at Retell that no webhook has reported."""
    at = branch(company())
    number = PhoneNumber.objects.create(company=at.company, branch=at, number="+493023125100")
    PhoneNumber.objects.update(created_at=NOW - timedelta(days=9))
    ended = round((NOW - timedelta(minutes=20)).timestamp() * 1000)
    times = {"start_timestamp": ended - 60_000, "end_timestamp": ended}
    said = recorded_retell("call_analyzed")["call"] | {"to_number": number.number, "call_status": "ended"} | times
    world.sandbox.deliver_call(said, events=())


def _never_ended(world: World) -> None:
    """Such a call whose beginning was reported, longer ago than a call can last."""
    _never_told(world)
    number = PhoneNumber.objects.get()
    world.about = RetellCall.objects.create(
        company=number.company,
        branch=number.branch,
        phone_number=number,
        retell_call_id=recorded_retell("call_analyzed")["call"]["call_id"],
        started_at=NOW - timedelta(hours=3),
    )


def _read_retell(world: World) -> None:
    sync_all_retell_calls.send()


def _ask_retell(world: World) -> None:
    ask_for_retell_call.send(call_id=world.about.pk, company_id=world.about.company_id)


def _has_ended(world: World) -> bool:
    return RetellCall.objects.exclude(status=RetellCall.Status.ONGOING).exists()


def _what_became_of_the_call(world: World) -> str:
    if not _has_ended(world):
        return "left to the next reading"
    if RetellCall.objects.get().status == RetellCall.Status.LOST:
        return "lost, a person is told" if _has_open_follow_up(world) else "lost, nobody is told"
    return "worked on"


def _to_erase(place: Item.Place) -> Callable[[World], None]:
    """Something of an erased person that its vendor still has."""

    def prepare(world: World) -> None:
        if place is Item.Place.RETELL:
            _never_told(world)
            subject = recorded_retell("call_analyzed")["call"]["call_id"]
        else:
            _sent_sms(world)
            subject = Notification.objects.get().provider_id
        Job.objects.all().delete()
        company_, erasure = Company.objects.get(), Erasure.of(None, Wanted(customers=(1,)), who="chefin")
        erasure.note_erased()
        world.about = Item.objects.create(erasure=erasure, place=place, subject=subject, company=company_)

    return prepare


def _erase(world: World) -> None:
    ask_vendor(world.about)


def _is_erased(world: World) -> bool:
    return Item.objects.get().state != Item.State.WAITING


def _what_became_of_the_erasure(world: World) -> str:
    item = Item.objects.get()
    is_there = world.sandbox.messages() if item.place == Item.Place.TWILIO else world.sandbox.calls()
    if item.state == Item.State.ERASED and is_there:
        world.problems.append("it is still there")
    return f"{item.state}{', a person is told' if item.erasure.state == Erasure.State.PERSON else ''}"


def _announced(channel: str) -> Callable[[World], None]:
    def prepare(world: World) -> None:
        at = branch(company(sms_enabled=channel == "sms", quiet_from="23:00", quiet_until="23:00"))
        who = customer(at.company, MOBILE, sms_consent_at=NOW, email=ADDRESS if channel == "email" else "")
        appointment = Appointment.objects.create(
            company=at.company,
            branch=at,
            customer=who,
            service=service(at.company, HAIRCUT),
            starts_at=WISH,
            ends_at=WISH + timedelta(minutes=45),
            status=Appointment.Status.CONFIRMED,
            attendee_name="Ole Linde",
            attendee_phone=MOBILE,
        )
        outbox.announce(appointment, "confirmation")
        world.about = Notification.objects.get(channel=channel)
        # Each start sends its own.
        Job.objects.all().delete()

    return prepare


def _lost_sms(world: World) -> None:
    _announced("sms")(world)
    world.sandbox.fault("twilio.create_message", drop="after")
    try:
        tasks.send_sms_notification(world.about.pk)
    except JobError:
        return


def _sent_sms(world: World) -> None:
    _announced("sms")(world)
    tasks.send_sms_notification(world.about.pk)
    [message] = world.sandbox.messages()
    world.sandbox.report_sms(message["sid"], "delivered")


def _send_sms(world: World) -> None:
    tasks.send_sms_notification.send(notification_id=world.about.pk)


def _send_mail(world: World) -> None:
    tasks.send_email_notification.send(notification_id=world.about.pk)


def _check(world: World) -> None:
    tasks.check_sms_delivery.send(notification_id=world.about.pk)


def _is_over(world: World) -> bool:
    return Notification.objects.get(pk=world.about.pk).is_over


def _row_says_so(world: World) -> bool:
    return bool(Notification.objects.get(pk=world.about.pk).reason) or _job_says_so(world)


def _is_asked_again(world: World) -> bool:
    """The row says that the provider has the message, and the sweeper asks again within the hour."""
    return Notification.objects.get(pk=world.about.pk).status == Notification.Status.SENT


def _is_delivered(world: World) -> bool:
    return Notification.objects.get(pk=world.about.pk).status == Notification.Status.DELIVERED


def _what_became_of_the_sms(world: World) -> str:
    count = len(world.sandbox.messages())
    return f"{Notification.objects.get(pk=world.about.pk).status}, {count} at Twilio"


def _what_became_of_the_mail(world: World) -> str:
    count = len(world.sandbox.mails())
    return f"{Notification.objects.get(pk=world.about.pk).status}, {count} at the mail server"


def _booking(name: str, route: str, prepare: Callable[[World], None]) -> Asked:
    return Asked(name, route, _book, _is_booked_or_handed_over, _what_became_of_the_wish, _has_open_follow_up, prepare)


def _surplus(name: str, route: str) -> Asked:
    return Asked(name, route, _cancel, _is_cancelled, _what_became_of_the_second, _has_open_follow_up, _twice)


def _of_retell(name: str, route: str, start: Callable[[World], None], prepare: Callable[[World], None]) -> Asked:
    return Asked(name, route, start, _has_ended, _what_became_of_the_call, _job_says_so, prepare)


def _erasing(name: str, route: str, place: Item.Place) -> Asked:
    return Asked(name, route, _erase, _is_erased, _what_became_of_the_erasure, _job_says_so, _to_erase(place))


def _changing(name: str, route: str, start: Callable[[World], None], prepare: Callable[[World], None]) -> Asked:
    return Asked(name, route, start, _is_changed, _what_became_of_the_change, _has_open_follow_up, prepare)


REQUESTS = (
    _of_retell("Retell: the calls of some time", "retell.list_calls", _read_retell, _never_told),
    _of_retell("Retell: a call that no webhook told", "retell.get_call", _read_retell, _never_told),
    _of_retell("Retell: a call without an end", "retell.get_call", _ask_retell, _never_ended),
    _erasing("Retell: erase a call", "retell.delete_call", Item.Place.RETELL),
    _erasing("Twilio: erase a message", "twilio.delete_message", Item.Place.TWILIO),
    _booking("Cal.com: book", "calcom.create_booking", _wish),
    _booking("Cal.com: look for an earlier booking", "calcom.list_bookings", _lost_answer),
    _booking("Cal.com: free times for a call back", "calcom.slots", _taken),
    _booking("Cal.com: one event type", "calcom.get_event_type", _unjudged),
    _surplus("Cal.com: look at a second booking", "calcom.get_booking"),
    _surplus("Cal.com: cancel a second booking", "calcom.cancel_booking"),
    _changing("Cal.com: cancel an appointment", "calcom.cancel_booking", _cancel_it, _booked),
    _changing("Cal.com: move an appointment", "calcom.reschedule_booking", _move_it, _booked),
    _changing("Cal.com: look at a moved booking", "calcom.get_booking", _move_it, _lost_change),
    _changing("Cal.com: say the host's yes", "calcom.confirm_booking", _confirm_it, _asked_of_the_host),
    _changing("Cal.com: say the host's no", "calcom.decline_booking", _decline_it, _asked_of_the_host),
    _changing("Cal.com: mark a customer as absent", "calcom.mark_absent", _note_absence, _begun),
    Asked("Cal.com: event types", "calcom.list_event_types", _sync, _is_read, _what_was_read, _job_says_so, _salon),
    Asked("Cal.com: teams", "calcom.list_teams", _sync, _is_read, _what_was_read, _job_says_so, _salon),
    Asked(
        "Cal.com: event types of a team",
        "calcom.list_team_event_types",
        _sync,
        _is_read,
        _what_was_read,
        _job_says_so,
        _salon,
    ),
    Asked("Cal.com: changed bookings", "calcom.list_bookings", _sync, _is_read, _what_was_read, _job_says_so, _salon),
    Asked(
        "Twilio: send an SMS",
        "twilio.create_message",
        _send_sms,
        _is_over,
        _what_became_of_the_sms,
        _row_says_so,
        _announced("sms"),
    ),
    Asked(
        "Twilio: look for an earlier SMS",
        "twilio.list_messages",
        _send_sms,
        _is_over,
        _what_became_of_the_sms,
        _row_says_so,
        _lost_sms,
    ),
    Asked(
        "Twilio: ask how an SMS fared",
        "twilio.get_message",
        _check,
        _is_delivered,
        _what_became_of_the_sms,
        _is_asked_again,
        _sent_sms,
    ),
    Asked(
        "Mail server: the recipient",
        "smtp.recipient",
        _send_mail,
        _is_over,
        _what_became_of_the_mail,
        _row_says_so,
        _announced("email"),
    ),
    Asked(
        "Mail server: the message",
        "smtp.message",
        _send_mail,
        _is_over,
        _what_became_of_the_mail,
        _row_says_so,
        _announced("email"),
    ),
)
BY_NAME = {asked.name: asked for asked in REQUESTS}
