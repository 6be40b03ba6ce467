"""From the question to the report: what the preview says is what happens, to exactly those rows, once."""

import itertools
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from askpro.console.repair import running, starting, sweepers
from askpro.console.repair.kinds import Asked, kind_of
from askpro.console.repair.models import Repair, RepairItem
from askpro.console.repair.preview import preview
from askpro.queues.models import FleetEvent, Job
from askpro.queues.testing import run_jobs, sent
from tests.console.repair.rows import job, worked_off
from tests.plans import plans

pytestmark = pytest.mark.django_db
RETRY = "/admin/board/repair/failures/retry/"


def ask(client: Client, page: str = RETRY, said: dict[str, Any] | None = None, **typed: str) -> Any:
    """Look at the question, and answer it."""
    looked = client.get(page, typed)
    hidden = dict(re.findall(r'type="hidden" name="(looked_at|seen)" value="([^"]*)"', looked.content.decode()))
    words = {"reason": "Cal.com war weg", "rate": "50", **hidden, **(said or {})}
    query = "&".join(f"{name}={value}" for name, value in typed.items())
    return client.post(f"{page}?{query}", words)


def statuses(*jobs: Job) -> list[str]:
    found = dict(Job.objects.filter(pk__in=[each.pk for each in jobs]).values_list("pk", "status"))
    return [found[each.pk] for each in jobs]


class TestThePreview:
    def test_it_tells_what_is_done_from_what_is_not_with_reasons_and_samples(self, admin_client: Client) -> None:
        again, twin = job(tags=["request:1"]), job(tags=["request:2"], kwargs={"request_id": 2})
        job("completed", ago=timedelta(minutes=1), tags=["request:2"], kwargs={"request_id": 2})

        shown = admin_client.get(RETRY)

        seen = shown.context["preview"]
        assert (seen.doing.count, seen.left) == (1, 1)
        assert "succeeded since" in str(seen.leaving[0].why)
        text = shown.content.decode()
        assert f"/admin/queues/job/{again.pk}/change/" in text and f"/admin/queues/job/{twin.pk}/change/" in text

    def test_it_does_nothing_by_itself(self, admin_client: Client) -> None:
        ours = job()
        admin_client.get(RETRY)
        assert statuses(ours) == ["dead"] and not Repair.objects.exists()

    def test_it_asks_for_a_reason(self, admin_client: Client) -> None:
        ours = job()
        assert ask(admin_client, said={"reason": " "}).status_code == 200
        assert statuses(ours) == ["dead"] and not Repair.objects.exists()

    @pytest.mark.parametrize("rate", ["0", "101", "x", ""])
    def test_a_rate_that_is_none_is_refused(self, admin_client: Client, rate: str) -> None:
        job()
        assert ask(admin_client, said={"rate": rate}).status_code == 200
        assert not Repair.objects.exists()


STATES = ("waiting", "scheduled", "queued", "processing", "retrying", "released", "dead", "cancelled")
FILTERS: dict[str, dict[str, str]] = {
    "all": {},
    "error": {"error": "calls.Broken"},
    "tag": {"tag": "call:1"},
    "time": {"from": "2020-01-01"},
}
VERBS = [(kind, verb) for kind in ("failures", "jobs") for verb in ("retry", "discard", "retry-anyway")]
VERBS += [("jobs", verb) for verb in ("cancel", "run-now", "run-later")]


@pytest.mark.parametrize(("kind", "verb"), VERBS, ids=lambda each: each)
@pytest.mark.parametrize("which", FILTERS)
def test_what_the_preview_says_is_what_happens(admin_client: Client, kind: str, verb: str, which: str) -> None:
    """Every state, with and without a time to wait for, and one whose work was done since: what is listed as done is
    done, and nothing else changes.
    """
    soon = timezone.now() + timedelta(minutes=5)
    for status, run_at in itertools.product(STATES, (None, soon)):
        job(status, run_at=run_at, tags=["call:1"], ready_at=timezone.now() if status == "queued" else None)
    job(tags=["call:1"], kwargs={"request_id": 2})
    job("completed", ago=timedelta(minutes=1), tags=["call:1"], kwargs={"request_id": 2})
    before = {each.pk: (each.status, each.run_at, each.cancel_at) for each in Job.objects.all()}
    the_verb = next(each for each in kind_of(kind).verbs if each.name == verb)
    rows = the_verb.judged(kind_of(kind).rows(), Asked(at=soon))
    expected = {str(row.pk): row.verdict for row in rows}

    ask(admin_client, f"/admin/board/repair/{kind}/{verb}/", {"when": "31.12.2199 9:00"}, **FILTERS[which])
    repair = worked_off()

    ended = {item.key: item for item in repair.items.all()}
    assert repair.status == "finished" and set(ended) == set(expected)
    assert {key: item.reason for key, item in ended.items()} == expected
    assert (repair.done, repair.skipped, repair.failed) == (
        sum(not verdict for verdict in expected.values()),
        sum(bool(verdict) for verdict in expected.values()),
        0,
    )
    after = {
        each.pk: (each.status, each.run_at, each.cancel_at) for each in Job.objects.exclude(actor_name="run_repair")
    }
    touched = {str(pk) for pk in before if before[pk] != after[pk]}
    assert touched == {key for key, verdict in expected.items() if not verdict}


class TestRunning:
    def test_each_row_is_done_once_with_its_deed_on_record(self, admin_client: Client) -> None:
        ours = [job() for _ in range(5)]

        answer = ask(admin_client)
        repair = worked_off()

        assert answer["Location"] == f"/admin/console/repair/{repair.pk}/change/"
        assert statuses(*ours) == ["queued"] * 5
        assert (repair.total, repair.done, repair.status) == (5, 5, "finished")
        for each in ours:
            (entry,) = LogEntry.objects.filter(object_id=str(each.pk))
            assert "Cal.com war weg" in entry.change_message and str(repair.pk) in entry.change_message
        assert "Cal.com war weg" in FleetEvent.objects.get().text

    def test_a_job_of_its_own_on_the_lowest_queue_works_through_them(self, admin_client: Client) -> None:
        for _ in range(3):
            job(actor_name="of_another_release")
        ask(admin_client, said={"rate": "2"})
        for done in (2, 3):
            Repair.objects.update(paced_at=timezone.now() - timedelta(seconds=1))
            own = Job.objects.filter(actor_name="run_repair")
            assert own.values_list("queue_name", flat=True).get() == "low"
            own.update(status="queued", ready_at=timezone.now(), run_at=None)
            Job.objects.exclude(actor_name="run_repair").filter(status="queued").update(status="scheduled")
            run_jobs()
            assert Repair.objects.latest("pk").done == done
        assert own.get().status == "completed" and own.get().tries_spent == 0

    def test_it_means_what_matched_when_the_person_looked(self, admin_client: Client) -> None:
        ours = job()
        looked = admin_client.get(RETRY).content.decode()
        hidden = dict(re.findall(r'type="hidden" name="(looked_at|seen)" value="([^"]*)"', looked))
        later = job(ago=timedelta(seconds=-2))

        admin_client.post(RETRY, {"reason": "x", "rate": "50", **hidden})
        worked_off()

        assert statuses(ours, later) == ["queued", "dead"]

    def test_more_than_was_shown_is_asked_again(self, admin_client: Client) -> None:
        ours = job()
        answer = ask(admin_client, said={"seen": "0"})
        assert answer.status_code == 200 and "More rows match by now" in answer.content.decode()
        assert statuses(ours) == ["dead"] and not Repair.objects.exists()

    def test_more_than_one_repair_takes_is_refused(self, admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(starting, "MOST", 2)
        for _ in range(3):
            job()
        assert "Narrow it" in ask(admin_client).content.decode()
        assert not Repair.objects.exists()

    def test_it_keeps_to_the_rate(self, admin_client: Client) -> None:
        for _ in range(10):
            job()
        ask(admin_client, said={"rate": "2"})
        repair = Repair.objects.latest("pk")
        for seconds, expected in ((0.4, 0), (1.0, 2), (1.0, 4), (3600.0, 10)):
            Repair.objects.update(paced_at=timezone.now() - timedelta(seconds=seconds))
            running.go_on(repair.pk)
            repair.refresh_from_db()
            assert repair.done == expected, seconds

    def test_what_was_done_meanwhile_is_left_with_its_reason(self, admin_client: Client) -> None:
        ours, gone = job(), job()
        ask(admin_client)
        Job.objects.filter(pk=ours.pk).update(status="queued")
        Job.objects.filter(pk=gone.pk).delete()

        repair = worked_off()

        assert (repair.done, repair.skipped) == (0, 2)
        assert dict(repair.items.values_list("key", "reason")) == {str(ours.pk): "state", str(gone.pk): "gone"}
        shown = admin_client.get(f"/admin/console/repair/{repair.pk}/change/").content.decode()
        assert "not dead" in shown and "not there any more" in shown

    def test_one_that_fails_does_not_stop_the_others(
        self, admin_client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ours = [job() for _ in range(3)]
        retry = running.Deed._act

        def act(deed: Any, key: str) -> str:
            if key == str(ours[1].pk):
                raise ZeroDivisionError("of person@example.org")
            return retry(deed, key)

        monkeypatch.setattr(running.Deed, "_act", act)
        ask(admin_client)
        repair = worked_off()

        assert statuses(*ours) == ["queued", "dead", "queued"]
        assert (repair.done, repair.failed) == (2, 1)
        assert repair.items.get(status="failed").reason == "ZeroDivisionError"

    def test_who_cancels_it_keeps_what_waits_as_it_is(self, admin_client: Client) -> None:
        ours = [job() for _ in range(4)]
        ask(admin_client, said={"rate": "2"})
        repair = Repair.objects.latest("pk")
        Repair.objects.update(paced_at=timezone.now() - timedelta(seconds=1))
        running.go_on(repair.pk)

        page = f"/admin/console/repair/{repair.pk}/cancel/"
        assert admin_client.get(page).status_code == 200
        admin_client.post(page, {"confirmed": "yes"})
        Repair.objects.update(paced_at=timezone.now() - timedelta(seconds=10))

        assert running.go_on(repair.pk) is None
        assert sorted(statuses(*ours)) == ["dead", "dead", "queued", "queued"]
        assert RepairItem.objects.filter(status="pending").count() == 2

    def test_one_whose_job_is_gone_goes_on(self, admin_client: Client) -> None:
        job()
        ask(admin_client)
        Job.objects.filter(actor_name="run_repair").delete()
        sweepers.sweep()
        assert not Job.objects.filter(actor_name="run_repair").exists(), "its job may not be committed yet"
        Repair.objects.update(asked_at=timezone.now() - timedelta(minutes=5))
        sweepers.sweep()
        sweepers.sweep()
        assert Job.objects.filter(actor_name="run_repair").count() == 1
        assert worked_off().done == 1

    def test_nothing_that_matches_is_over_at_once(self, admin_client: Client) -> None:
        ours = job()
        looked = admin_client.get(RETRY).content.decode()
        hidden = dict(re.findall(r'type="hidden" name="(looked_at|seen)" value="([^"]*)"', looked))
        Job.objects.filter(pk=ours.pk).update(status="cancelled")
        admin_client.post(RETRY, {"reason": "x", "rate": "50", **hidden})
        assert Repair.objects.latest("pk").status == "finished"
        assert not Job.objects.filter(actor_name="run_repair").exists()


class TestTryingOneFirst:
    def begun(self, client: Client, count: int = 3) -> list[Job]:
        ours = [job() for _ in range(count)]
        ask(client, said={"tries_first": "on"})
        running.go_on(Repair.objects.latest("pk").pk)
        return ours

    def end(self, ours: Job, status: str, version: str = "dev") -> None:
        Job.objects.filter(pk=ours.pk).update(status=status, finished_at=timezone.now(), error_class="calls.Again")
        from askpro.queues.models import AttemptRow

        AttemptRow.objects.create(job=ours, claim_no=9, outcome="completed", code_version=version)

    def test_the_newest_runs_alone(self, admin_client: Client) -> None:
        ours = self.begun(admin_client)
        for _ in range(3):
            assert running.go_on(Repair.objects.latest("pk").pk) is not None
        assert statuses(*ours) == ["dead", "dead", "queued"]

    def test_the_others_follow_when_it_has_succeeded(self, admin_client: Client) -> None:
        ours = self.begun(admin_client)
        self.end(ours[-1], "completed")
        running.go_on(Repair.objects.latest("pk").pk)
        repair = worked_off()
        assert statuses(*ours[:-1]) == ["queued", "queued"] and repair.status == "finished"

    def test_they_are_left_when_it_fails_again(self, admin_client: Client) -> None:
        ours = self.begun(admin_client)
        self.end(ours[-1], "dead")
        assert running.go_on(Repair.objects.latest("pk").pk) is None

        repair = Repair.objects.latest("pk")
        assert repair.status == "halted" and repair.ended_at is not None
        assert statuses(*ours) == ["dead"] * 3
        shown = admin_client.get(f"/admin/console/repair/{repair.pk}/change/").content.decode()
        assert "failed again: Again" in shown
        assert FleetEvent.objects.filter(text__contains="stopped").count() == 1

    def test_the_success_of_another_release_proves_nothing(self, admin_client: Client) -> None:
        ours = self.begun(admin_client)
        self.end(ours[-1], "completed", version="older")
        running.go_on(Repair.objects.latest("pk").pk)
        assert Repair.objects.latest("pk").status == "trying"
        assert statuses(*ours[:2]) == ["dead", "queued"]


class TestWhoMay:
    PERMISSIONS = ("queues.view_job", "console.bulk", "console.retry", "console.view_repair")

    @pytest.mark.parametrize("missing", [*PERMISSIONS[:3], ""])
    def test_each_permission_is_needed(self, staff_with: Callable[..., Client], missing: str) -> None:
        ours = job()
        client = staff_with(*(each for each in self.PERMISSIONS if each != missing))
        answer = ask(client)
        assert answer.status_code == (302 if not missing else 403)
        assert Repair.objects.exists() is not bool(missing)
        assert statuses(ours) == ["dead"]

    def test_who_may_only_look_sees_no_verbs(self, staff_with: Callable[..., Client]) -> None:
        job()
        shown = staff_with("queues.view_job").get("/admin/board/repair/failures/").content.decode()
        assert "The one that matches" in shown and "Retry" not in shown

    def test_one_verb_does_not_open_another(self, staff_with: Callable[..., Client]) -> None:
        job()
        client = staff_with(*self.PERMISSIONS)
        assert client.get("/admin/board/repair/failures/discard/").status_code == 403

    def test_a_company_s_people_see_nothing_of_it(self) -> None:
        from calls.models import Company
        from tests.console.tenants import bound

        client = Client()
        client.force_login(bound(Company.objects.create(name="Salon", slug="salon")))
        for page in ("board/repair/failures/", "board/repair/jobs/retry/", "console/repair/"):
            assert client.get(f"/admin/{page}").status_code in (403, 404), page

    def test_a_get_never_acts(self, admin_client: Client) -> None:
        ours = job()
        admin_client.get(RETRY, {"reason": "x", "rate": "5", "looked_at": timezone.now().isoformat()})
        assert statuses(ours) == ["dead"] and not sent_repairs()


def sent_repairs() -> list[dict[str, Any]]:
    from askpro.console.tasks import run_repair

    return sent(run_repair)


def test_the_preview_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("askpro.console.repair.preview.CAP", 2)
    for _ in range(4):
        job()
    kind = kind_of("failures")
    seen = preview(kind, kind.verbs[0], kind.rows(), Asked())
    assert seen.is_capped and seen.doing.count == 3


@pytest.mark.parametrize(("longest", "judged"), [(1000, 4), (0, 3)], ids=["quick", "slow"])
def test_the_preview_judges_more_rows_where_a_few_were_quick(
    monkeypatch: pytest.MonkeyPatch, longest: int, judged: int
) -> None:
    monkeypatch.setattr("askpro.console.repair.preview.FEWER", 2)
    monkeypatch.setattr("askpro.console.repair.preview.CAP", 100)
    monkeypatch.setattr("askpro.console.repair.preview.LONGEST", longest * 1000)
    for _ in range(4):
        job()
    kind = kind_of("failures")

    seen = preview(kind, kind.verbs[0], kind.rows(), Asked())

    assert (seen.doing.count, seen.is_capped) == (judged, judged == 3)


def test_it_looks_for_a_twin_by_its_tags_alone() -> None:
    job(tags=["call:17"])
    kind = kind_of("failures")

    (plan,) = plans(lambda: list(kind.verbs[0].judged(kind.rows(), Asked())), "queues_job")

    assert "_tags" in plan and "_finished" not in plan
