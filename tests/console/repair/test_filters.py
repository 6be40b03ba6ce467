"""A filter is an address: what it may say, what it finds, and that nothing else is ever found."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from askpro.console import repair
from askpro.console.nonsense import Nonsense
from askpro.console.repair import bounded
from askpro.console.repair.addresses import address
from askpro.console.repair.chosen import Chosen
from askpro.console.repair.counting import counted
from askpro.console.repair.kinds import EMPTY, kind_of, kinds
from askpro.console.repair.moments import read_moment, written
from tests.console.repair.rows import ACTOR, job
from tests.console.world import HOSTILE

BERLIN = "Europe/Berlin"
NINE = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)


def chosen(kind: str = "failures", **typed: str) -> Chosen:
    said = QueryDict(mutable=True)
    said.update(typed)
    return Chosen.of(kind_of(kind), said)


def found(kind: str = "failures", **typed: str) -> set[Any]:
    each = chosen(kind, **typed)
    return {row.pk for row in each.of_rows(each.kind.rows())}


@pytest.mark.parametrize(
    "text",
    [
        *(
            "29.11.2026 09:00",
            "29.11.2026 9:00",
            "29.11. 9:00",
            "29.11.26 9:00",
            "29.11.2026, 9:00",
            "29.11.2026 9 Uhr",
        ),
        *("2026-11-29T09:00", "2026-11-29 09:00", "2026-11-29T09:00:00", "2026-11-29T08:00:00Z"),
        *("2026-11-29T09:00+01:00", "  29.11.2026   09:00 "),
    ],
)
def test_a_moment_is_read_as_people_and_machines_write_it(text: str, time_machine: Any) -> None:
    time_machine.move_to(NINE + timedelta(hours=5), tick=False)
    assert read_moment(text) == NINE


def test_a_time_alone_is_one_of_today_and_a_day_alone_is_all_of_it(time_machine: Any) -> None:
    time_machine.move_to(NINE + timedelta(hours=5), tick=False)
    assert read_moment("9:00") == read_moment("9 Uhr") == NINE
    assert read_moment("29.11.2026") == NINE - timedelta(hours=9)
    assert read_moment("29.11.2026", is_end=True) == NINE + timedelta(hours=15)


def test_an_hour_that_the_clocks_show_twice_is_meant_whole() -> None:
    begin, end = read_moment("25.10.2026 02:30"), read_moment("25.10.2026 02:30", is_end=True)
    assert begin is not None and end is not None and end - begin == timedelta(hours=1)


@pytest.mark.parametrize(
    "text", ["", "x", "31.2.2026 9:00", "29.11.2026 25:00", "9:61", "99999999", "2026-11-29T", "29.13.", "-", "."]
)
def test_what_is_no_moment_is_none(text: str) -> None:
    assert read_moment(text) is None or text in ("2026-11-29T",)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_moments(text: str) -> None:
    read_moment(text)


@settings(deadline=None)
@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_what_is_written_is_read_again(moment: datetime) -> None:
    exact = moment.replace(microsecond=0)
    again = read_moment(written(exact))
    assert again is not None and abs(again - exact) in (timedelta(0), timedelta(hours=1)), "twice in autumn"
    assert again == exact or timezone.localtime(exact).fold == 1


@pytest.mark.django_db
class TestFinding:
    def test_each_part_narrows(self) -> None:
        ours = job(error_class="a.Down", queue_name="high", tags=["call:17"], kwargs={"call_id": 17, "company_id": 3})
        job(error_class="a.Down"), job(error_class="b.Other", cause="def")

        assert len(found()) == 3
        assert len(found(error="a.Down")) == 2
        for part in (
            {"queue": "high"},
            {"tag": "call:17"},
            {"arg": "call_id=17"},
            {"company": "3"},
            {"error": "a.Down", "queue": "high"},
        ):
            assert found(**part) == {ours.pk}, part
        assert found(error="a.Down", queue="webhooks") == set()

    def test_the_time_is_that_of_death_and_the_end_is_not_in_it(self) -> None:
        late, early = job(ago=timedelta(minutes=10)), job(ago=timedelta(hours=2))
        end = late.finished_at.isoformat()
        assert found(to=end) == {early.pk}
        assert found(**{"from": end}) == {late.pk}

    def test_a_vendor_is_all_jobs_that_call_it(self) -> None:
        booking, sms = job(actor_name="create_appointment_from_call"), job(actor_name="send_sms_notification")
        assert found(vendor="calcom") == {booking.pk}
        assert found(vendor="twilio") == {sms.pk}
        assert found("jobs", vendor="twilio") == {sms.pk}

    def test_the_last_place_in_the_code_decides(self) -> None:
        ours = job(cause="abc")
        job(cause="def")
        assert found(print="abc") == {ours.pk}

    def test_completed_jobs_are_never_meant(self) -> None:
        job("completed"), job("cancelled"), job("queued")
        assert len(found("jobs")) == 2

    def test_only_ticked_ones(self) -> None:
        ours, _other = job(), job()
        each = Chosen.read(kind_of("failures"), {}, [str(ours.pk)])
        assert [row.pk for row in each.of_rows(each.kind.rows())] == [ours.pk]

    @pytest.mark.parametrize(
        "part",
        [{"from": "gestern"}, {"company": "x"}, {"vendor": "aol"}, {"arg": "x"}, {"from": "10:00", "to": "9:00"}],
    )
    def test_what_means_nothing_is_told_and_finds_nothing(self, part: dict[str, str], admin_client: Client) -> None:
        job()
        assert chosen(**part).errors and found(**part) == set()
        shown = admin_client.get("/admin/board/repair/failures/", part)
        assert shown.status_code == 200 and 'role="alert"' in shown.content.decode()

    def test_ids_that_are_none_are_refused(self) -> None:
        with pytest.raises(Nonsense):
            Chosen.read(kind_of("failures"), {}, ["1; DROP TABLE"])

    @settings(max_examples=40, deadline=None)
    @given(data=st.data())
    def test_no_address_breaks_a_page(self, data: st.DataObject) -> None:
        kind = data.draw(st.sampled_from([each.name for each in kinds()]))
        names = [
            "from",
            "to",
            *(facet.name for facet in kind_of(kind).facets),
            *(text.name for text in kind_of(kind).texts),
        ]
        texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
        words = st.sampled_from(["-", "0", "9" * 30, "%", "'", "a=1", "=", HOSTILE[:100], "²", "{", "$", '{"a": 1}'])
        part = {data.draw(st.sampled_from(names)): data.draw(texts | words)}
        each = chosen(kind, **part)
        counted(each, each.of_rows(each.kind.rows()))

    def test_the_snapshot_and_the_address_mean_the_same_another_day(self, time_machine: Any) -> None:
        time_machine.move_to(NINE, tick=False)
        first = chosen(**{"from": "9:00", "to": "10:00", "vendor": "calcom", "arg": "call_id=17"})
        time_machine.move_to(NINE + timedelta(days=9), tick=False)
        kept = Chosen.read(first.kind, first.snapshot["typed"], first.snapshot["ids"])
        opened = Chosen.of(first.kind, QueryDict(first.query))
        for again in (kept, opened):
            assert (again.since, again.until) == (NINE, NINE + timedelta(hours=1))
            assert str(again.conditions) == str(first.conditions)


@pytest.mark.django_db
class TestCounting:
    def test_it_counts_by_each_facet_in_one_query(self, django_assert_num_queries: Any) -> None:
        for error in ("a.Down", "a.Down", "b.Other"):
            job(error_class=error, actor_name="create_appointment_from_call")
        each = chosen()
        rows = each.of_rows(each.kind.rows())
        with django_assert_num_queries(1):
            seen = counted(each, rows)

        by_name = {facet.name: {str(value.label): value.count for value in values} for facet, values in seen.facets}
        assert seen.total == 3 and not seen.is_capped
        assert by_name["error"] == {"Down": 2, "Other": 1}
        assert by_name["job"] == {"create_appointment_from_call": 3}
        assert by_name["vendor"] == {"Cal.com": 3}

    def test_it_counts_no_further_than_the_cap(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("askpro.console.repair.counting.CAP", 2)
        for _ in range(4):
            job()
        each = chosen()
        seen = counted(each, each.of_rows(each.kind.rows()))
        assert (seen.total, seen.is_capped) == (2, True)

    def test_a_value_leads_to_the_list_with_it_and_back(self) -> None:
        job(error_class="a.Down"), job(error_class="")
        for query_of, count in (("a.Down", 1), ("-", 1)):
            assert len(found(error=query_of)) == count
        each = chosen(error="a.Down", queue="low")
        seen = counted(each, each.of_rows(each.kind.rows()))
        (value,) = next(values for facet, values in seen.facets if facet.name == "error")
        assert value.is_chosen and value.query == "queue=low"


@pytest.mark.django_db
class TestThePage:
    def test_it_tells_all_that_match_from_those_that_it_shows(self, admin_client: Client) -> None:
        for _ in range(55):
            job()
        shown = admin_client.get("/admin/board/repair/failures/").content.decode()
        assert "All 55 that match" in shown and "Retry: all 55" in shown
        assert shown.count('name="id"') == 50 and "The newest 50" in shown

    @pytest.mark.parametrize("kind", ["failures", "jobs"])
    def test_it_opens_with_and_without_rows_within_few_queries(
        self, admin_client: Client, kind: str, django_assert_max_num_queries: Any
    ) -> None:
        assert admin_client.get(f"/admin/board/repair/{kind}/").status_code == 200
        job(kwargs={"company_id": 1})
        with django_assert_max_num_queries(15):
            assert ACTOR in admin_client.get(f"/admin/board/repair/{kind}/").content.decode()

    def test_what_takes_too_long_is_told(self, admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        def never(*_: Any) -> Any:
            raise bounded.TooWide

        monkeypatch.setattr(repair.views, "counted", never)
        assert "Narrow it" in admin_client.get("/admin/board/repair/jobs/").content.decode()

    def test_a_statement_that_takes_too_long_is_ended(self) -> None:
        from django.db import connection

        with pytest.raises(bounded.TooWide), bounded.bounded(20), connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(2)")

    def test_it_escapes_what_strangers_wrote(self, admin_client: Client) -> None:
        job(error_message=HOSTILE, error_class=HOSTILE[:150], tags=[HOSTILE[:90]])
        shown = admin_client.get("/admin/board/repair/failures/", {"text": HOSTILE[:150]}).content.decode()
        assert "window.hacked" in shown and "<script>window" not in shown and "<img src=x" not in shown

    def test_an_unknown_kind_or_verb_is_no_page(self, admin_client: Client) -> None:
        for page in ("board/repair/x/", "board/repair/jobs/x/", "board/repair/failures/cancel/"):
            assert admin_client.get(f"/admin/{page}").status_code == 404

    def test_others_lead_to_it_with_a_filter(self, admin_client: Client) -> None:
        ours = job(actor_name="create_appointment_from_call", ago=timedelta(minutes=30))
        job(actor_name="create_appointment_from_call", ago=timedelta(hours=5))
        since, until = timezone.now() - timedelta(hours=1), timezone.now()
        shown = admin_client.get(address("failures", vendor="calcom", since=since, until=until))
        assert [row.pk for row, _ in shown.context["rows"]] == [ours.pk]

    def test_the_question_tells_the_filter_in_words(self, admin_client: Client) -> None:
        ours = job(actor_name="create_appointment_from_call", ago=timedelta(minutes=30))
        asked = admin_client.get(address("failures", "retry", vendor="calcom", print=EMPTY, queue=ours.queue_name))
        assert {value for _, value in asked.context["filter"]} == {"Cal.com", "none", ours.queue_name}
