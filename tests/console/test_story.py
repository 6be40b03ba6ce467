"""A call's page tells everything that belongs to the call, in order, and nothing that belongs to another."""

from collections.abc import Callable
from itertools import product

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from appointments.models import CalcomUid, Change
from askpro.console.display import address
from askpro.console.story import Story
from calls.models import Company
from tests.console.tenants import bound
from tests.console.world import World
from webhooks.models import WebhookEvent


def told(world: World, user: User) -> Story:
    booked = next(call for call in world.calls[1:] if call.outcome == "booked")
    return Story(booked, user)


def test_it_tells_all_that_belongs_to_the_call(world: World, admin_user: User) -> None:
    story = told(world, admin_user)
    titles = [entry.title for entry in story.entries]

    assert titles[:2] == ["Call started", "Call ended"]
    for title in ("Retell webhook call_ended", "process_retell_call_ended", "extract_call_data", "Booking request 1"):
        assert title in titles
    assert "Confirmation by SMS" in titles
    assert {row.call_id for row in story.messages} == {story.call.pk}
    assert all(f"call:{story.call.pk}" in job.tags or job.tags[0].startswith("event:") for job in story.jobs)


def test_it_stands_in_order_of_time_with_the_future_at_the_end(world: World, admin_user: User) -> None:
    entries = Story(world.calls[0], admin_user).entries
    known = [entry.at for entry in entries if entry.at is not None]

    assert known == sorted(known)
    assert entries[-1].at is None
    assert entries[-1].title in ("send_appointment_confirmation", "update_analytics")


def test_it_tells_what_calcom_said_about_the_appointment(world: World, admin_user: User) -> None:
    appointment = told(world, admin_user).appointments[0]
    uid = CalcomUid.objects.create(company=appointment.company, uid="old-uid-of-this-booking", appointment=appointment)
    WebhookEvent.objects.create(
        provider="calcom", event_type="BOOKING_RESCHEDULED", event_key="k", subject=uid.uid, body=b"{}"
    )

    assert "Cal.com webhook BOOKING_RESCHEDULED" in [entry.title for entry in told(world, admin_user).entries]


def test_what_another_company_says_of_the_same_id_stands_on_no_page(world: World, admin_user: User) -> None:
    story = told(world, admin_user)
    ours, theirs = story.call.company, next(row for row in world.companies if row != story.call.company)
    message = next(row for row in story.messages if row.provider_id)
    about = {story.call: story.call.retell_call_id, story.appointments[0]: "uid-of-both", message: message.provider_id}
    CalcomUid.objects.create(company=ours, uid="uid-of-both", appointment=story.appointments[0])
    people = {admin_user: {ours, None}, bound(ours, theirs): {ours}}

    for row, subject in about.items():
        events = {company: heard_of(subject or "", company) for company in (ours, theirs, None)}
        for (user, sees), (company, event) in product(people.items(), events.items()):
            client = Client()
            client.force_login(user)
            page = client.get(address(row)).content.decode()
            assert (address(event) in page) is (company in sees), (row, user, company)


def heard_of(subject: str, company: Company | None) -> WebhookEvent:
    return WebhookEvent.objects.create(
        provider="retell",
        event_type="x",
        event_key=f"{subject} {company}",
        subject=subject,
        company=company,
        body=b"{}",
    )


def test_it_tells_what_people_did(admin_client: Client, admin_user: User, world: World) -> None:
    waiting = next(row for row in world.follow_ups if row.status == "open" and row.call_id != world.calls[0].pk)
    admin_client.post(
        f"/admin/appointments/followup/{waiting.pk}/resolve/",
        {"confirmed": "yes", "note": "Zurückgerufen.", "pick": "booked"},
    )

    entries = Story(waiting.call, admin_user).entries

    assert any(entry.quote == "Zurückgerufen." for entry in entries)
    assert any(entry.title.startswith("admin: Resolved") for entry in entries)


def test_it_measures_how_long_the_caller_waited_for_the_confirmation(world: World, admin_user: User) -> None:
    after = told(world, admin_user).answered_after

    assert after is not None
    assert round(after.total_seconds()) == 3


def test_it_leaves_out_what_a_person_may_not_see(world: World, staff_with: Callable[..., Client]) -> None:
    page = staff_with("calls.view_call").get(f"/admin/calls/call/{world.calls[1].pk}/change/")
    content = page.content.decode()

    assert page.status_code == 200
    assert "Not shown, for lack of permission" in content
    assert "Retell webhook" not in content
    assert "extract_call_data" not in content
    assert "Raw payload" not in content


def test_it_links_job_event_call_and_appointment_both_ways(admin_client: Client, world: World) -> None:
    call = next(call for call in world.calls[1:] if call.outcome == "booked")
    appointment = next(row for row in world.appointments if row.call_id == call.pk)
    event = next(row for row in world.events if row.subject == call.retell_call_id)
    job = next(row for row in world.jobs if f"call:{call.pk}" in row.tags)
    message = next(row for row in world.messages if row.call_id == call.pk)
    pages = {
        "call": f"/admin/calls/call/{call.pk}/change/",
        "appointment": f"/admin/appointments/appointment/{appointment.pk}/change/",
        "event": f"/admin/webhooks/webhookevent/{event.pk}/change/",
        "job": f"/admin/queues/job/{job.pk}/change/",
        "message": f"/admin/notifications/notification/{message.pk}/change/",
    }

    for other in ("appointment", "event", "job", "message"):
        assert pages[other] in admin_client.get(pages["call"]).content.decode(), other
        assert pages["call"] in admin_client.get(pages[other]).content.decode(), other
    assert pages["message"] in admin_client.get(pages["appointment"]).content.decode()
    assert pages["appointment"] in admin_client.get(pages["message"]).content.decode()


def test_it_names_an_appointment_by_its_local_time_everywhere(admin_client: Client, world: World) -> None:
    row = world.appointments[1]
    page = admin_client.get(f"/admin/appointments/appointment/{row.pk}/change/").content.decode()

    assert str(row).endswith(f"{timezone.localtime(row.starts_at):%-d %b %Y, %H:%M}")
    assert f"{row.attendee_name}, {timezone.localtime(row.starts_at):%-d %b %Y, %H:%M}</span>" in page


def test_it_tells_who_changed_an_appointment_when_and_why(world: World, admin_user: User) -> None:
    story = told(world, admin_user)
    appointment, later = story.appointments[0], world.calls[0]
    values = {"company": appointment.company, "appointment": appointment, "before": appointment.starts_at}
    Change.objects.create(
        **values, kind="move", channel="sms", state="refused", detail="taken", starts_at=appointment.ends_at,
        reason="<b>später</b>",
    )  # fmt: skip
    Change.objects.create(**values, kind="cancel", channel="call", state="waiting", call=later)
    (moved, cancelled) = [entry for entry in told(world, admin_user).entries if entry.icon == "event_repeat"]
    assert moved.title.startswith("Moved, now: ") and moved.quote == "<b>später</b>" and "Not done" in moved.state
    assert moved.lines[1:] == ["The time is taken at Cal.com or by another caller."]
    assert cancelled.title == "Cancelled" and cancelled.lines[0].startswith("Caller, read after the call")
    assert "Cancelled" in [entry.title for entry in Story(later, admin_user).entries]


def test_the_calls_page_shows_what_retell_sent_last(world: World, admin_client: Client, admin_user: User) -> None:
    story = told(world, admin_user)
    call = story.call
    for number, body in enumerate((b'{"sent": "before"}', b'{"sent": "last"}')):
        event = heard_of(call.retell_call_id, call.company)
        WebhookEvent.objects.filter(pk=event.pk).update(event_key=f"{number}", body=body)

    folded = dict(admin_client.get(address(call)).context["folded"])

    assert "last" in folded["Raw data, as last sent"]
