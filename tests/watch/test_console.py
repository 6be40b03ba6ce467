"""Operators look at incidents, acknowledge and mute them; nobody else does, and nobody writes them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from askpro.console.models import Access
from askpro.console.repair.outages import CONDITIONS
from askpro.watch.models import Delivery, Incident, Mute, Notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident() -> Incident:
    now = timezone.now()
    found = Incident.objects.create(
        code="postgres_away",
        about="postgres",
        severity="critical",
        status="open",
        value=1,
        worst=1,
        threshold=1,
        began_at=now - timedelta(minutes=5),
        seen_at=now,
        told_at=now,
        facts={"said": "No connection to it"},
    )
    notice = Notice.objects.create(
        kind="began", severity="critical", thread=found.pk, subject="CRITICAL <b>", text="What", created_at=now
    )
    Delivery.objects.create(notice=notice, channel="email", next_at=now, error="no mail server", tries=2)
    return found


@pytest.fixture
def operator() -> Callable[..., Client]:
    def log_in(*names: str, is_operator: bool = True) -> Client:
        user = User.objects.create_user(f"ada-{User.objects.count()}", is_staff=True)
        codes = [name.partition(".")[2] for name in names]
        user.user_permissions.set(Permission.objects.filter(content_type__app_label="watch", codename__in=codes))
        Access.objects.create(user=user, is_operator=is_operator)
        client = Client()
        client.force_login(user)
        return client

    return log_in


def page(row: Incident | Notice | Mute, act: str = "change") -> str:
    return f"/admin/watch/{row._meta.model_name}/{row.pk}/{act}/"


class TestLooking:
    def test_the_pages_show_what_is_wrong_and_what_was_told(self, admin_client, incident) -> None:
        shown = admin_client.get(page(incident)).content.decode()
        assert "PostgreSQL does not answer" in shown
        assert "No connection to it" in shown
        assert "deploy/runbook.md#postgres_away" in shown
        assert "CRITICAL &lt;b&gt;" in shown
        assert "no mail server" in admin_client.get(page(Notice.objects.get())).content.decode()

    @pytest.mark.parametrize("name", ["incident", "notice", "mute"])
    def test_the_lists_open_and_search(self, admin_client, incident, name) -> None:
        Mute.objects.create(code="postgres_away", until=timezone.now(), reason="", by="ada", created_at=timezone.now())
        for query in ("", "?q=postgres", "?q=CRITICAL"):
            assert admin_client.get(f"/admin/watch/{name}/{query}").status_code == 200

    def test_an_incident_says_by_which_channels_people_were_told(self, admin_client, incident) -> None:
        (table,) = admin_client.get(page(incident)).context["tables"]
        assert "E-mail" in str(table.rows[0][2]) and "waiting" in str(table.rows[0][2])

    def test_the_list_is_narrowed_to_a_condition(self, admin_client, incident) -> None:
        for code, is_shown in (("postgres_away", True), ("redis_away", False)):
            shown = admin_client.get("/admin/watch/incident/", {"condition": code}).content.decode()
            assert (page(incident) in shown) is is_shown

    def test_a_condition_that_this_release_does_not_know(self, admin_client, incident) -> None:
        Incident.objects.update(code="of_another_release")
        assert "of_another_release" in admin_client.get(page(incident)).content.decode()


class TestRepair:
    BEGAN = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)

    @pytest.mark.parametrize("code", sorted(CONDITIONS))
    def test_the_outage_of_a_vendor_leads_to_what_gave_up_meanwhile(self, admin_client, incident, code) -> None:
        over = {"status": "over", "over_at": self.BEGAN + timedelta(hours=1)}
        Incident.objects.update(code=code, about="calcom:3f9a", began_at=self.BEGAN, **over)

        buttons = {each["label"]: each["href"] for each in admin_client.get(page(incident)).context["offered"]}
        asked = admin_client.get(buttons["Retry what gave up"])

        filters = {str(label): str(told) for label, told in asked.context["filter"]}
        assert filters["Vendor"] == "Cal.com"
        assert ">24 Nov 2026, 08:50<" in filters["From"] and ">24 Nov 2026, 10:00<" in filters["To"]

    @pytest.mark.parametrize(
        "values", [{"code": "disk_full", "about": "calcom"}, {"about": "who:knows"}, {"about": ""}]
    )
    def test_nothing_else_does(self, admin_client, incident, values) -> None:
        Incident.objects.update(**{"code": "gate_shut", **values})
        assert "Retry what gave up" not in admin_client.get(page(incident)).content.decode()

    def test_nobody_is_led_where_they_may_not_act(self, operator, incident) -> None:
        Incident.objects.update(code="gate_shut", about="calcom")
        client = operator("watch.view_incident")
        assert "Retry what gave up" not in client.get(page(incident)).content.decode()

    def test_its_page_leads_to_where_it_is_seen(self, admin_client, incident) -> None:
        Incident.objects.update(code="gate_shut", about="calcom")
        buttons = {each["label"]: each["href"] for each in admin_client.get(page(incident)).context["offered"]}
        assert admin_client.get(buttons["Look at it"]).status_code == 200


class TestRights:
    def test_who_may_only_look_does_nothing(self, operator, incident) -> None:
        client = operator("watch.view_incident")
        assert "/acknowledge/" not in client.get(page(incident)).content.decode()
        assert client.post(page(incident, "acknowledge"), {"confirmed": "yes", "note": ""}).status_code == 403
        assert Incident.objects.get().acknowledged_at is None

    def test_who_may_not_look_sees_nothing(self, operator, incident) -> None:
        assert operator("watch.view_mute").get(page(incident)).status_code == 403

    def test_a_salon_sees_none_whatever_its_permissions(self, operator, incident) -> None:
        client = operator("watch.view_incident", "watch.change_incident", is_operator=False)
        assert client.get(page(incident)).status_code in (302, 403, 404)
        client.post(page(incident, "acknowledge"), {"confirmed": "yes", "note": ""})
        assert Incident.objects.get().acknowledged_at is None

    def test_nobody_writes_one(self, admin_client, incident) -> None:
        assert admin_client.post(page(incident), {"status": "over"}).status_code == 405
        assert admin_client.post(page(incident, "delete"), {"post": "yes"}).status_code == 403


class TestActs:
    def test_it_is_acknowledged_once_with_who_and_what(self, operator, incident) -> None:
        client = operator("watch.view_incident", "watch.change_incident")
        for note in ("Restarting it", "too late"):
            client.post(page(incident, "acknowledge"), {"confirmed": "yes", "note": note})
        found = Incident.objects.get()
        assert (found.acknowledged_by, found.note) == ("ada-0", "Restarting it")
        assert "Acknowledged: Restarting it" in client.get(page(incident)).content.decode()

    def test_it_is_muted_until_a_time_with_a_reason(self, operator, incident) -> None:
        client = operator("watch.view_incident", "watch.change_incident")
        when = timezone.localtime() + timedelta(hours=4)
        said = {"confirmed": "yes", "when": f"{when:%Y-%m-%dT%H:%M}", "note": "Known"}
        assert client.post(page(incident, "mute"), {**said, "note": ""}).status_code == 200
        client.post(page(incident, "mute"), said)
        mute = Mute.objects.get()
        assert (mute.code, mute.about, mute.reason, mute.by) == ("postgres_away", "postgres", "Known", "ada-0")
        assert abs(mute.until - when) < timedelta(minutes=1)

    @pytest.mark.parametrize("days", [-1, 31])
    def test_neither_into_the_past_nor_for_ever(self, admin_client, incident, days) -> None:
        when = timezone.localtime() + timedelta(days=days)
        said = {"confirmed": "yes", "when": f"{when:%Y-%m-%dT%H:%M}", "note": "Known"}
        admin_client.post(page(incident, "mute"), said)
        assert not Mute.objects.exists()

    def test_a_mute_is_ended(self, operator) -> None:
        now = timezone.now()
        mute = Mute.objects.create(code="x", until=now + timedelta(hours=1), reason="", by="ada", created_at=now)
        operator("watch.view_mute", "watch.change_mute").post(page(mute, "lift"), {"confirmed": "yes"})
        assert Mute.objects.get().until <= timezone.now()


class TestTheCommand:
    def test_it_lists_what_is_wrong_and_what_is_muted(self, incident, capsys) -> None:
        call_command("incidents", "mute", "postgres_away", "--hours", "2", "--reason", "Known")
        call_command("incidents")
        shown = capsys.readouterr().out
        assert "critical postgres_away (postgres) since " in shown
        assert "muted until " in shown

    def test_it_says_that_nothing_is_wrong(self, capsys) -> None:
        call_command("incidents", "list")
        assert capsys.readouterr().out == "Nothing is wrong.\n"

    def test_it_lists_what_is_watched_with_the_thresholds_in_force(self, capsys, settings) -> None:
        settings.WATCH_THRESHOLDS = {"postgres_away.seconds": 7}
        call_command("incidents", "conditions")
        (line,) = [line for line in capsys.readouterr().out.splitlines() if "postgres_away" in line]
        expected = "critical postgres_away every 5 s, told after 10 s, over after 20 s seconds=7"
        assert " ".join(line.split()) == expected

    def test_it_acknowledges_once(self, incident, capsys) -> None:
        call_command("incidents", "ack", "postgres_away", "--about", "postgres", "--reason", "On it")
        assert Incident.objects.get().note == "On it"
        with pytest.raises(CommandError, match="no open, unacknowledged incident"):
            call_command("incidents", "ack", "postgres_away")

    def test_it_mutes_and_unmutes(self, capsys) -> None:
        call_command("incidents", "mute", "postgres_away", "--hours", "2", "--reason", "Known")
        assert Mute.objects.get().until > timezone.now() + timedelta(hours=1.9)
        call_command("incidents", "unmute", "postgres_away")
        with pytest.raises(CommandError, match="no such mute"):
            call_command("incidents", "unmute", "postgres_away")

    @pytest.mark.parametrize("hours", ["0", "-1", "721"])
    def test_no_mute_is_for_ever(self, hours) -> None:
        with pytest.raises(CommandError, match="at most 720"):
            call_command("incidents", "mute", "postgres_away", f"--hours={hours}", "--reason", "Known")

    def test_a_condition_that_does_not_exist_is_refused_with_those_that_do(self) -> None:
        with pytest.raises(CommandError, match=r"there are .*postgres_away"):
            call_command("incidents", "ack", "postgers_away")
