"""Events, messages and follow-ups in every state: what the preview says of a row is what becomes of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from appointments.models import Appointment, FollowUp
from askpro.console.repair.kinds import Asked, kind_of, kinds
from askpro.console.repair.models import Repair
from askpro.queues.models import Job
from notifications.models import Notification
from tests.console.repair.rows import gone_on, job, worked_off
from tests.console.repair.test_repairing import ask
from tests.console.world import HOSTILE, World
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.django_db
Status = Notification.Status


def verdicts(kind: str, verb: str) -> dict[str, str]:
    the_kind = kind_of(kind)
    the_verb = next(each for each in the_kind.verbs if each.name == verb)
    return {str(row.pk): row.verdict for row in the_verb.judged(the_kind.rows(), Asked())}


def repaired(client: Client, kind: str, verb: str, **typed: str) -> dict[str, str]:
    """The verdicts as they were previewed, after it was seen that they are what became of the rows."""
    before = verdicts(kind, verb)
    ask(client, f"/admin/board/repair/{kind}/{verb}/", {"rate": "100"}, **typed)
    repair = worked_off()
    ended = dict(repair.items.values_list("key", "reason"))
    assert repair.failed == 0 and repair.status == "finished"
    assert ended == {key: verdict for key, verdict in before.items() if key in ended}
    assert repair.done == sum(not verdict for verdict in ended.values())
    return ended


def test_every_kind_is_offered_in_its_order() -> None:
    assert [kind.name for kind in kinds()] == ["failures", "jobs", "events", "messages", "follow-ups"]


@pytest.mark.parametrize("kind", ["events", "messages", "follow-ups"])
def test_its_page_opens_within_few_queries_and_escapes(
    admin_client: Client, world: World, kind: str, django_assert_max_num_queries: Any
) -> None:
    assert admin_client.get(f"/admin/board/repair/{kind}/").status_code == 200
    with django_assert_max_num_queries(15):
        shown = admin_client.get(f"/admin/board/repair/{kind}/").content.decode()
    assert "that match" in shown and "<script>window" not in shown and HOSTILE[:20] not in shown


@pytest.mark.parametrize("kind", ["events", "messages", "follow-ups"])
def test_its_questions_open_within_few_queries(
    admin_client: Client, world: World, kind: str, django_assert_max_num_queries: Any
) -> None:
    for verb in kind_of(kind).verbs:
        page = f"/admin/board/repair/{kind}/{verb.name}/"
        admin_client.get(page)
        with django_assert_max_num_queries(15):
            assert admin_client.get(page).status_code == 200


class TestEvents:
    def test_each_state_with_and_without_its_body(self, admin_client: Client, world: World) -> None:
        first = world.events[0]
        for number, status in enumerate(WebhookEvent.Status.values):
            for body in (b'{"event": "call_ended", "call": {}}', b""):
                twin = WebhookEvent.objects.get(pk=first.pk)
                twin.pk, twin.event_key, twin.status, twin.body = None, f"twin:{number}:{len(body)}", status, body
                twin.subject = "twin"
                twin.save(force_insert=True)
        twins = WebhookEvent.objects.filter(subject="twin")
        Job.objects.all().delete()
        expected = {
            str(each.pk): {"processed": "processed", "conflict": "conflict"}.get(
                each.status, "no_body" if not each.body else "state" if each.status == "received" else ""
            )
            for each in twins
        }
        states = dict(twins.values_list("pk", "status"))

        ask(admin_client, "/admin/board/repair/events/replay/", {"rate": "100"}, about="twin")
        gone_on()

        assert dict(Repair.objects.latest("pk").items.values_list("key", "reason")) == expected
        for each in twins.all():
            was_replayed = not expected[str(each.pk)]
            assert (each.replays == 1) is was_replayed
            assert each.status == ("received" if was_replayed else states[each.pk])

    def test_a_job_whose_event_was_processed_is_left(self, world: World) -> None:
        done = next(each for each in world.events if each.status == "processed")
        failed = next(each for each in world.events if each.status == "failed")
        left = job(actor_name="process_retell_call_ended", kwargs={"event_id": done.pk})
        again = job(actor_name="process_retell_call_ended", kwargs={"event_id": failed.pk})
        strange = job(actor_name="process_retell_call_ended", kwargs={"event_id": "x' OR 1"})
        found = verdicts("failures", "retry")
        assert found[str(left.pk)] == "event_processed"
        assert found[str(again.pk)] == found[str(strange.pk)] == ""


class TestMessages:
    @pytest.fixture
    def message(self, world: World) -> Notification:
        """A confirmation of a coming appointment that failed, and no other message."""
        kept = next(each for each in world.messages if each.kind == "confirmation" and each.appointment_id)
        Notification.objects.exclude(pk=kept.pk).delete()
        soon = timezone.now() + timedelta(days=2)
        version = Appointment.objects.get(pk=kept.appointment_id).version
        Appointment.objects.filter(pk=kept.appointment_id).update(
            status="confirmed", starts_at=soon, ends_at=soon + timedelta(hours=1)
        )
        Notification.objects.filter(pk=kept.pk).update(
            status="failed", version=version, provider_id="SM1", provider_status="failed", error_code="30003", text="x"
        )
        return Notification.objects.get(pk=kept.pk)

    def test_one_that_failed_waits_again_with_a_job(self, admin_client: Client, message: Notification) -> None:
        assert verdicts("messages", "send-again") == {str(message.pk): ""}
        ask(admin_client, "/admin/board/repair/messages/send-again/")
        gone_on()

        message.refresh_from_db()
        assert (message.status, message.provider_id, message.earlier_provider_id) == ("pending", None, "SM1")
        assert (message.error_code, message.reason) == ("", "")
        assert Job.objects.filter(tags=[f"notification:{message.pk}"], status="queued").count() == 1

    @pytest.mark.parametrize("status", Status.values)
    def test_only_what_failed_is_sent_again(self, message: Notification, status: str) -> None:
        Notification.objects.filter(pk=message.pk).update(status=status)
        expected = {"failed": "", "sent": "sent", "delivered": "sent", "skipped": "on_purpose"}
        assert verdicts("messages", "send-again") == {str(message.pk): expected.get(status, "waits")}

    @pytest.mark.parametrize(
        ("values", "verdict"),
        [
            ({"status": "cancelled"}, "not_true"),
            ({"status": "requested"}, "not_true"),
            ({"version": 99}, "not_true"),
            ({"starts_at": timezone.now() - timedelta(days=1)}, "begun"),
        ],
        ids=["cancelled", "requested", "changed", "begun"],
    )
    def test_what_is_not_true_any_more_is_left(
        self, message: Notification, values: dict[str, Any], verdict: str
    ) -> None:
        Appointment.objects.filter(pk=message.appointment_id).update(**values)
        assert verdicts("messages", "send-again") == {str(message.pk): verdict}

    def test_what_another_message_has_told_is_left(self, message: Notification) -> None:
        twin = Notification.objects.get(pk=message.pk)
        twin.pk, twin.channel, twin.status, twin.provider_id = None, "email", "sent", None
        twin.reference = "00000000-0000-0000-0000-000000000001"
        twin.save(force_insert=True)
        assert verdicts("messages", "send-again")[str(message.pk)] == "told"

    def test_a_job_whose_message_has_ended_is_left(self, message: Notification) -> None:
        values = {"actor_name": "send_sms_notification", "kwargs": {"notification_id": message.pk}}
        dead = job(**values)
        assert verdicts("failures", "retry")[str(dead.pk)] == "message_ended"
        Notification.objects.filter(pk=message.pk).update(status="pending")
        assert verdicts("failures", "retry")[str(dead.pk)] == ""


class TestFollowUps:
    @pytest.fixture
    def follow_up(self, world: World) -> FollowUp:
        """One that waits because a job gave up, and no other."""
        kept = next(each for each in world.follow_ups if each.booking_request_id and each.status == "open")
        FollowUp.objects.exclude(pk=kept.pk).delete()
        Appointment.objects.filter(booking_request=kept.booking_request_id).delete()
        assert kept.booking_request is not None
        type(kept.booking_request).objects.filter(pk=kept.booking_request_id).update(status="open")
        FollowUp.objects.filter(pk=kept.pk).update(reason="job_dead")
        Job.objects.all().delete()
        return FollowUp.objects.get(pk=kept.pk)

    def dead(self, follow_up: FollowUp) -> Job:
        values = {"call_id": follow_up.call_id}
        return job(actor_name="create_appointment_from_call", tags=[f"call:{follow_up.call_id}"], kwargs=values)

    def test_what_gave_up_behind_it_is_tried_again(self, admin_client: Client, follow_up: FollowUp) -> None:
        dead = self.dead(follow_up)
        assert repaired(admin_client, "follow-ups", "retry") == {str(follow_up.pk): ""}
        assert Job.objects.get(pk=dead.pk).status == "queued"

    def test_without_a_dead_job_there_is_nothing_to_try(self, follow_up: FollowUp) -> None:
        assert verdicts("follow-ups", "retry") == {str(follow_up.pk): "state"}

    def test_a_later_appointment_of_the_same_customer_speaks_against_it(
        self, follow_up: FollowUp, world: World
    ) -> None:
        self.dead(follow_up)
        other = Appointment.objects.filter(company=follow_up.company_id).exclude(customer=None).first()
        assert other is not None and other.service is not None and follow_up.booking_request is not None
        type(follow_up.booking_request).objects.filter(pk=follow_up.booking_request_id).update(service=other.service)
        FollowUp.objects.filter(pk=follow_up.pk).update(customer=other.customer)
        Appointment.objects.filter(pk=other.pk).update(status="confirmed", created_at=timezone.now())
        assert verdicts("follow-ups", "retry") == {str(follow_up.pk): "booked"}

    def test_a_closed_request_speaks_against_it(self, follow_up: FollowUp) -> None:
        dead = self.dead(follow_up)
        assert follow_up.booking_request is not None
        type(follow_up.booking_request).objects.filter(call=follow_up.call_id).update(status="dropped")
        assert verdicts("follow-ups", "retry") == {str(follow_up.pk): "closed"}
        assert verdicts("failures", "retry")[str(dead.pk)] == "wishes_closed"

    def test_many_are_settled_with_one_reason(self, admin_client: Client, follow_up: FollowUp) -> None:
        assert repaired(admin_client, "follow-ups", "settle") == {str(follow_up.pk): ""}
        follow_up.refresh_from_db()
        assert (follow_up.status, follow_up.note) == ("done", "Cal.com war weg")

    def test_settled_ones_are_left(self, follow_up: FollowUp) -> None:
        FollowUp.objects.filter(pk=follow_up.pk).update(status="obsolete")
        assert verdicts("follow-ups", "settle") == {str(follow_up.pk): "state"}


@pytest.mark.parametrize(
    ("kind", "verb", "needed"),
    [
        ("events", "replay", ("webhooks.view_webhookevent", "console.replay")),
        ("messages", "send-again", ("notifications.view_notification", "notifications.change_notification")),
        ("follow-ups", "retry", ("appointments.view_followup", "console.retry")),
        ("follow-ups", "settle", ("appointments.view_followup", "appointments.change_followup")),
    ],
)
def test_each_deed_takes_its_permission_and_that_for_many(
    staff_with: Callable[..., Client], kind: str, verb: str, needed: tuple[str, ...]
) -> None:
    page = f"/admin/board/repair/{kind}/{verb}/"
    everything = (*needed, "console.bulk")
    assert staff_with(*everything).get(page).status_code == 200
    for missing in everything:
        client = staff_with(*(each for each in everything if each != missing))
        assert client.get(page).status_code == client.post(page, {"reason": "x"}).status_code == 403, missing
