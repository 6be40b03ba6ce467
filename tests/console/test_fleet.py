"""What operators see of the fleet, and their acts: confirmed first, with a reason, recorded, by permission."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from askpro.console import fleet_board
from askpro.queues.models import FleetCommand, FleetEvent, GateState, Job, Pause, Supervisor, Worker
from tests.console.world import World

ACT = "/admin/board/act"
ACTS = {
    "pause": "queue=high",
    "resume": "actor=send_sms_notification",
    "scale": "pool=urgent",
    "restart": "",
    "stop": "",
}


def act(verb: str, subject: str = "") -> str:
    return f"{ACT}/{verb}/?{subject or ACTS[verb]}"


class TestSeeing:
    def test_it_shows_hosts_pools_workers_and_events(self, admin_client: Client, world: World) -> None:
        page = admin_client.get("/admin/board/fleet/").content.decode()

        for words in (
            "askpro-01",
            "askpro-02",
            "urgent",
            "notifications",
            "past its limit",
            "was recycled",
            "scale urgent",
        ):
            assert words in page, words
        assert "window.hacked" in page
        assert "<script>window" not in page

    def test_it_tells_the_dead_and_the_silent_from_the_living(self, admin_client: Client, world: World) -> None:
        Supervisor.objects.filter(host="askpro-02").update(beat_at=timezone.now() - timedelta(seconds=40))

        context = admin_client.get("/admin/board/fleet/").context

        states = {host.row.host: host.state for host in context["hosts"]}
        assert states["askpro-01"] == "running"
        assert states["askpro-02"] == "silent"
        assert states["askpro-03.rechenzentrum-frankfurt.example.org"] == "dead"
        assert [row.host for row in context["alive"]] == ["askpro-01"]

    def test_it_forgets_the_dead_after_a_day(self, world: World) -> None:
        Supervisor.objects.filter(status="dead").update(beat_at=timezone.now() - timedelta(hours=25))

        assert {host.row.status for host in fleet_board.hosts(timezone.now())} == {"running"}

    def test_it_puts_stuck_workers_first_with_what_they_run(self, admin_client: Client, world: World) -> None:
        lines = admin_client.get("/admin/board/fleet/").context["workers"]

        assert [line.is_stuck for line in lines[:2]] == [True, True]
        assert lines[0].runs[0].actor_name == "create_appointment_from_call"
        assert lines[0].runs[0].left < 0

    def test_a_host_that_says_nothing_of_its_workers_is_shown_too(self, admin_client: Client, world: World) -> None:
        Supervisor.objects.update(state={})

        context = admin_client.get("/admin/board/fleet/").context

        assert len(context["workers"]) == Worker.objects.filter(status="running").count()
        assert not any(line.is_stuck for line in context["workers"])

    def test_a_workers_page_says_what_it_runs_and_how_it_does(self, admin_client: Client, world: World) -> None:
        page = admin_client.get(f"/admin/queues/worker/{world.workers[0].pk}/change/").content.decode()

        assert "past its limit" in page
        assert " MB" in page
        assert "create_appointment_from_call" in page

    def test_a_supervisors_page_offers_acts_while_it_lives(
        self, admin_client: Client, world: World, staff_with: Callable[..., Client]
    ) -> None:
        def offered(client: Client, host: str) -> list[str]:
            row = Supervisor.objects.filter(host__startswith=host).latest("beat_at")
            return [
                button["label"]
                for button in client.get(f"/admin/queues/supervisor/{row.pk}/change/").context["offered"]
            ]

        assert offered(admin_client, "askpro-02") == ["Restart", "Stop"]
        assert offered(admin_client, "askpro-03") == []
        assert offered(staff_with("queues.view_supervisor"), "askpro-02") == []

    def test_it_counts_a_pool_over_its_hosts(self, world: World) -> None:
        lines = {line.pool.name: line for line in fleet_board.pool_lines(fleet_board.living())}

        rest = lines["rest"]
        assert (rest.hosts, rest.now, rest.moving, rest.most) == (2, 2, 2, 2)
        assert (lines["urgent"].ordered, rest.ordered) == (3, None)
        assert (lines["urgent"].target, rest.target) == (4, 2)

    def test_it_asks_no_more_for_a_larger_fleet(
        self, admin_client: Client, world: World, django_assert_max_num_queries: Any
    ) -> None:
        first = Supervisor.objects.filter(status="running")[0]
        made = {"pool": "urgent", "host": "askpro-01", "status": "running"}
        Worker.objects.bulk_create(Worker(supervisor=first, pid=9000 + number, **made) for number in range(300))

        with django_assert_max_num_queries(14):
            assert admin_client.get("/admin/board/fleet/").context["more_workers"] == 206
        with django_assert_max_num_queries(14):
            admin_client.get("/admin/board/queues/")

    def test_it_says_what_to_do_when_nothing_runs(self, admin_client: Client) -> None:
        assert "queues_run" in admin_client.get("/admin/board/fleet/").content.decode()
        assert "Nothing is paused" in admin_client.get("/admin/board/queues/").content.decode()

    def test_it_shows_whose_gate_is_shut_and_how_many_wait(self, admin_client: Client, world: World) -> None:
        assert "<header>Gates" not in admin_client.get("/admin/board/queues/").content.decode()
        now = timezone.now()
        GateState.objects.create(
            name="calcom:0a1b", shut_since=now, shut_until=now + timedelta(seconds=40), reason="Cal.com: answered 503"
        )
        Job.objects.filter(pk__in=Job.objects.values("pk")[:2]).update(
            status="released", gate="calcom:0a1b", gate_urgency=1
        )
        page = admin_client.get("/admin/board/queues/")
        assert [(gate.name, gate.waiting) for gate in page.context["gates"]] == [("calcom:0a1b", 2)]
        assert "Cal.com: answered 503" in page.content.decode()

    def test_it_says_that_nobody_works_a_queue(self, admin_client: Client, world: World) -> None:
        Supervisor.objects.update(status="stopped")

        page = admin_client.get("/admin/board/queues/").content.decode()
        assert "No worker takes the ready jobs of: high" in page


class TestPausing:
    def test_it_says_what_will_happen_and_does_nothing_on_get(self, admin_client: Client, world: World) -> None:
        page = admin_client.get(act("pause")).content.decode()

        assert "no host takes jobs of the queue high" in page
        assert "create_appointment_from_call" in page
        assert not Pause.objects.filter(name="high").exists()

    def test_it_pauses_with_who_why_and_until_when(self, admin_client: Client, world: World) -> None:
        admin_client.post(act("pause"), {"length": "60", "reason": "Cal.com ist\nweg"})

        pause = Pause.objects.get(name="high")
        assert (pause.kind, pause.by, pause.reason) == ("queue", "admin", "Cal.com ist weg")
        assert pause.until is not None
        assert timedelta(minutes=59) < pause.until - timezone.now() < timedelta(minutes=61)
        event = FleetEvent.objects.latest("pk")
        assert "admin: pause queue high until" in event.text
        assert "Cal.com ist weg" in event.text

    @pytest.mark.parametrize(
        "said",
        [
            {"length": "60"},
            {"length": "moment", "reason": "x"},
            {"length": "moment", "moment": "2020-01-01T00:00", "reason": "x"},
            {"length": "moment", "moment": "bald", "reason": "x"},
            {"length": "-5", "reason": "x"},
            {"length": "", "reason": "x" * 301},
        ],
    )
    def test_it_asks_again_when_something_is_missing(
        self, admin_client: Client, world: World, said: dict[str, str]
    ) -> None:
        assert admin_client.post(act("pause"), said).status_code == 200
        assert not Pause.objects.filter(name="high").exists()

    def test_it_resumes(self, admin_client: Client, world: World) -> None:
        answer = admin_client.post(act("resume"), {"reason": ""}, follow=True)

        assert "Resumed: jobs send_sms_notification." in answer.content.decode()
        assert not Pause.objects.exists()
        assert (
            "Another person has resumed"
            in admin_client.post(
                act("resume", "actor=send_sms_notification"), {"reason": ""}, follow=True
            ).content.decode()
        )

    def test_a_paused_queue_is_marked_and_offers_to_resume(self, admin_client: Client, world: World) -> None:
        admin_client.post(act("pause"), {"length": "", "reason": "Umzug"})

        page = admin_client.get("/admin/board/queues/")
        line = next(line for line in page.context["lines"] if line.name == "high")
        assert line.pause.reason == "Umzug"
        assert "/resume/?queue=high" in page.content.decode()


class TestCommanding:
    def test_it_scales_a_pool_on_every_host_that_runs_it(self, admin_client: Client, world: World) -> None:
        FleetCommand.objects.all().delete()
        Supervisor.objects.filter(host="askpro-02").update(pools=["rest"])

        answer = admin_client.post(act("scale"), {"processes": "4", "reason": "Montagmorgen"}, follow=True)

        command = FleetCommand.objects.get()
        assert (command.supervisor.host, command.pool, command.processes, command.by) == (
            "askpro-01", "urgent", 4, "admin",
        )  # fmt: skip
        assert "1 supervisor was told" in answer.content.decode()

    def test_an_empty_number_gives_it_back_to_its_settings(self, admin_client: Client, world: World) -> None:
        admin_client.post(act("scale"), {"processes": "", "reason": "vorbei"})

        assert FleetCommand.objects.filter(kind="scale", processes=None).count() == 2
        assert "scale urgent auto (vorbei)" in FleetEvent.objects.latest("pk").text

    @pytest.mark.parametrize("number", ["0", "-1", "1001", "viele"])
    def test_it_refuses_a_number_that_nobody_can_mean(self, admin_client: Client, world: World, number: str) -> None:
        before = FleetCommand.objects.count()

        assert admin_client.post(act("scale"), {"processes": number, "reason": "x"}).status_code == 200
        assert FleetCommand.objects.count() == before

    def test_it_restarts_one_host_alone(self, admin_client: Client, world: World) -> None:
        FleetCommand.objects.all().delete()
        second = Supervisor.objects.get(host="askpro-02")

        page = admin_client.get(act("restart", f"supervisor={second.pk}")).content.decode()
        assert "askpro-02 (3 processes)" in page
        assert "askpro-01 (" not in page
        admin_client.post(act("restart", f"supervisor={second.pk}"), {"reason": "v0.2"})

        assert [row.supervisor_id for row in FleetCommand.objects.all()] == [second.pk]

    def test_it_stops_all_that_live(self, admin_client: Client, world: World) -> None:
        FleetCommand.objects.all().delete()

        assert "Then no host works any queue" in admin_client.get(act("stop")).content.decode()
        admin_client.post(act("stop"), {"reason": "Umzug"})

        assert FleetCommand.objects.filter(kind="stop").count() == 2


class TestPermission:
    @pytest.mark.parametrize("verb", ACTS)
    def test_who_may_only_look_does_nothing(self, world: World, staff_with: Callable[..., Client], verb: str) -> None:
        client = staff_with("queues.view_supervisor", "queues.view_job", "queues.view_pause", "queues.view_worker")
        before = (Pause.objects.count(), FleetCommand.objects.count())

        assert client.get(act(verb)).status_code == 403
        assert client.post(act(verb), {"reason": "x", "processes": "3"}).status_code == 403
        assert (Pause.objects.count(), FleetCommand.objects.count()) == before
        for page in ("fleet", "queues"):
            shown = client.get(f"/admin/board/{page}/")
            assert shown.status_code == 200
            assert ACT not in shown.content.decode()

    def test_who_may_not_look_sees_no_page(self, world: World, staff_with: Callable[..., Client]) -> None:
        client = staff_with("calls.view_call")

        assert client.get("/admin/board/fleet/").status_code == 403
        assert client.get("/admin/board/queues/").status_code == 403

    def test_a_visitor_is_sent_to_the_log_in(self, client: Client, db: None) -> None:
        assert "/login/" in client.get("/admin/board/fleet/")["Location"]
        assert "/login/" in client.post(act("stop"), {"reason": "x"})["Location"]

    @pytest.mark.parametrize(
        "address",
        [
            f"{ACT}/explode/",
            f"{ACT}/pause/",
            f"{ACT}/pause/?queue=hgih",
            f"{ACT}/pause/?pool=urgent",
            f"{ACT}/pause/?queue=high&actor=recount_all",
            f"{ACT}/scale/?pool=nothing",
            f"{ACT}/stop/?queue=high",
            f"{ACT}/stop/?supervisor=99999999999999999999",
            f"{ACT}/stop/?supervisor=abc",
        ],
    )
    def test_what_does_not_exist_is_no_page(self, admin_client: Client, world: World, address: str) -> None:
        assert admin_client.get(address).status_code == 404
        assert admin_client.post(address, {"reason": "x"}).status_code == 404

    def test_it_leads_back_to_no_other_site(self, admin_client: Client, world: World) -> None:
        answer = admin_client.post(act("pause") + "&next=https://example.org/", {"reason": "x"})

        assert answer["Location"] == "/admin/board/queues/"

    def test_it_needs_the_token_of_its_form(self, world: World, admin_user: Any) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(admin_user)

        assert strict.post(act("stop"), {"reason": "x"}).status_code == 403
        assert Job.objects.exists()
