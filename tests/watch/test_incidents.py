"""When people are told, and when not: by findings and the time alone."""

from collections import Counter
from datetime import timedelta

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from askpro.watch.conditions.base import Finding, Severity
from askpro.watch.incidents import FORGOTTEN, MOST, PATIENCE, PAUSES, Look
from askpro.watch.models import Incident, Mute
from tests.watch.made import Story, condition

HOUR = 3600.0


@pytest.fixture(autouse=True)
def _channels() -> None:
    with override_settings(ALERT_EMAILS=["ops@askpro.example"], ALERT_SLACK_URL="", ALERT_SMS_TO=[]):
        yield


def story(**more) -> Story:
    return Story(condition(**more))


def opened(**more) -> Story:
    """Told a moment ago."""
    told = story(lasts=0, **more)
    assert told.look("critical") == ["began"]
    return told


class TestTheBegin:
    def test_it_is_told_once_it_has_lasted(self) -> None:
        late = story()
        assert late.look("critical") == []
        assert late.wait(30).look("critical") == []
        assert late.wait(30).look("critical") == ["began"]
        assert late.wait(10).look("critical") == []

    def test_it_is_told_at_once_when_the_finder_knows_since_when(self) -> None:
        late = story()
        assert late.look("critical", since=late.now - timedelta(seconds=61)) == ["began"]
        assert late.only().began_at == late.now - timedelta(seconds=61)

    def test_what_is_gone_before_it_has_lasted_is_never_told(self) -> None:
        late = story()
        late.look("critical")
        assert late.wait(30).look() == []
        assert late.state.incidents == {}
        assert late.wait(40).look("critical") == []

    def test_what_begins_at_once_is_one_message(self) -> None:
        late = story(lasts=0)
        assert late.look("critical", "high", "low", "default") == ["began"]
        assert late.told[0].subject == "CRITICAL Queue critical is late (critical, high, low and 1 more)"

    def test_a_finder_that_finds_without_end_is_cut_off(self) -> None:
        late = story(lasts=0)
        late.look(*(str(n) for n in range(200)))
        assert len(late.state.incidents) == MOST


class TestTheEnd:
    def test_it_is_told_once_it_is_gone_for_long_enough(self) -> None:
        late = opened()
        assert late.wait(60).look() == []
        assert late.wait(60).look() == ["over"]
        assert late.wait(10).look() == []

    def test_what_comes_back_meanwhile_has_not_ended(self) -> None:
        late = opened()
        late.wait(100).look()
        assert late.wait(10).look("critical") == []
        assert late.wait(100).look() == []
        assert late.wait(20).look() == ["over"]

    def test_what_comes_back_later_is_another_incident(self) -> None:
        late = opened()
        late.wait(120).look()
        assert late.wait(1).look("critical") == ["began"]

    def test_what_is_not_known_neither_begins_nor_ends(self) -> None:
        late = opened()
        (only,) = late.conditions
        for _ in range(50):
            assert "over" not in late.wait(600).see([Look(only, None)])
        assert late.only().status == Incident.Status.OPEN

    def test_what_nobody_looks_at_any_more_ends_after_a_day(self) -> None:
        late = opened()
        late.state.incidents[late.only().pk].acknowledged_at = late.now
        assert late.wait(FORGOTTEN - 1).see([]) == []
        assert late.wait(1).see([]) == ["over"]


class TestSeveralWatchers:
    def test_one_that_sees_it_is_enough(self) -> None:
        """Alpha is cut off from what beta still reaches."""
        late = opened()
        for _ in range(100):
            assert late.wait(5).look(host="beta") == []
            assert "over" not in late.wait(5).look("critical", host="alpha")

    def test_another_hosts_own_trouble_is_ended_by_that_host_only(self) -> None:
        full = opened(local=True)
        for _ in range(100):
            assert "over" not in full.wait(10).look(host="beta")
        assert full.look(host="alpha") == ["over"]


class TestRepetitions:
    def test_they_come_at_growing_pauses(self) -> None:
        late = opened(severity=Severity.WARNING)
        told_at = []
        for second in range(10, 4 * 86_400, 10):
            if late.wait(10).look("critical"):
                told_at.append(second)
        assert [later - sooner for sooner, later in zip([0, *told_at], told_at, strict=False)][:6] == [
            *PAUSES,
            PAUSES[-1],
            PAUSES[-1],
        ]

    def test_nobody_who_has_acknowledged_it_is_told_again_but_of_its_end(self) -> None:
        late = opened()
        late.only().acknowledged_at = late.now
        for _ in range(100):
            assert late.wait(HOUR).look("critical") == []
        assert late.wait(200).look() == ["over"]

    def test_it_is_told_when_it_has_grown_tenfold_though_not_every_minute(self) -> None:
        late = opened()
        late.only().acknowledged_at = late.now
        assert late.wait(60).look("critical", value=50) == []
        assert late.wait(240).look("critical", value=50) == ["grew"]
        assert late.wait(600).look("critical", value=499) == []
        assert late.wait(600).look("critical", value=500) == ["grew"]
        assert late.only().worst == 500


class TestTheEscalation:
    def test_what_is_critical_is_escalated_once_when_nobody_acknowledges_it(self) -> None:
        late = opened()
        kinds = [kind for _ in range(300) for kind in late.wait(60).look("critical")]
        assert kinds.count("escalated") == 1
        assert late.only().escalated_at == late.told[0].created_at + timedelta(seconds=PATIENCE)

    @pytest.mark.parametrize("acknowledged", [True, False])
    def test_a_warning_or_what_is_acknowledged_is_not(self, acknowledged) -> None:
        late = opened(severity=Severity.CRITICAL if acknowledged else Severity.WARNING)
        late.only().acknowledged_at = late.now if acknowledged else None
        assert "escalated" not in [kind for _ in range(100) for kind in late.wait(60).look("critical")]


class TestMutes:
    @staticmethod
    def mute(late: Story, seconds: float, about: str = "", code: str = "late") -> Mute:
        mute = Mute(code=code, about=about, until=late.now + timedelta(seconds=seconds), created_at=late.now)
        late.state.put(mute)
        return mute

    def test_a_begin_is_told_when_the_mute_ends_and_it_lasts(self) -> None:
        late = story(lasts=0)
        self.mute(late, 100)
        assert late.look("critical") == []
        assert late.wait(100).look("critical") == ["began"]

    def test_what_ends_while_it_is_muted_was_never_told(self) -> None:
        late = story(lasts=0)
        self.mute(late, 1000)
        late.look("critical")
        assert late.wait(130).look() == []

    def test_the_end_of_what_was_told_before_is_told(self) -> None:
        late = opened()
        self.mute(late, 1000)
        assert late.wait(130).look() == ["over"]

    @pytest.mark.parametrize(("about", "code"), [("high", "late"), ("", "other")])
    def test_it_covers_nothing_else(self, about, code) -> None:
        late = story(lasts=0)
        self.mute(late, 100, about, code)
        assert late.look("critical") == ["began"]


class TestQuietHours:
    def test_a_warning_waits_for_the_morning_and_comes_with_the_others(self) -> None:
        late = story(lasts=0, severity=Severity.WARNING, quiet=True)
        assert late.look("critical", quiet=True) == []
        assert late.wait(HOUR).look("critical", "high", quiet=True) == []
        assert late.wait(HOUR).look("critical", "high") == ["morning"]
        assert late.told[0].subject.startswith("WARNING 2 since last night")
        assert late.wait(60).look("critical", "high") == []

    def test_what_is_over_by_then_was_never_told(self) -> None:
        late = story(lasts=0, severity=Severity.WARNING, quiet=True)
        late.look("critical", quiet=True)
        assert late.wait(HOUR).look(quiet=True) == []
        assert late.wait(HOUR).look() == []

    def test_the_end_of_what_was_told_in_the_evening_waits_too(self) -> None:
        late = opened(severity=Severity.WARNING, quiet=True)
        assert late.wait(HOUR).look(quiet=True) == []
        assert late.wait(HOUR).look() == ["morning"]
        assert "Over:" in late.told[-1].text

    @pytest.mark.parametrize(
        "more", [{"severity": Severity.CRITICAL, "quiet": True}, {"severity": Severity.WARNING, "quiet": False}]
    )
    def test_what_is_critical_or_not_quiet_is_told_at_once(self, more) -> None:
        assert story(lasts=0, **more).look("critical", quiet=True) == ["began"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from([1.0, 10.0, 59.0, 121.0, 900.0, 7200.0]),
        st.none() | st.sets(st.sampled_from(["critical", "high"])),
        st.sampled_from(["alpha", "beta"]),
        st.booleans(),
        st.sampled_from(["", "", "", "mute", "acknowledge"]),
    ),
    max_size=40,
)


class TestWhateverHappens:
    @given(steps=STEPS, lasts=st.sampled_from([0.0, 60.0]), severity=st.sampled_from(Severity), local=st.booleans())
    @hypothesis_settings(max_examples=150, deadline=None)
    def test_each_begin_is_told_once_and_so_is_its_end(self, steps, lasts, severity, local) -> None:
        only = condition(lasts=lasts, severity=severity, quiet=severity == Severity.WARNING, local=local)
        late = Story(only)
        begun: Counter = Counter()
        over: Counter = Counter()
        for seconds, abouts, host, quiet, deed in [*steps, *END]:
            late.wait(seconds)
            if deed == "mute" and late.state.incidents:
                TestMutes.mute(late, 600)
            elif deed == "acknowledge":
                for incident in late.state.incidents.values():
                    incident.acknowledged_at = late.now
            before = {pk: (each.told_at, each.over_told_at) for pk, each in late.state.incidents.items()}
            findings = None if abouts is None else [Finding(about, 5, 1) for about in sorted(abouts)]
            late.see([Look(only, findings)], host, quiet)
            for pk, incident in late.state.incidents.items():
                told_before, over_before = before.get(pk, (None, None))
                begun[pk] += incident.told_at is not None and told_before is None
                over[pk] += incident.over_told_at is not None and over_before is None
                if quiet and severity == Severity.WARNING:
                    assert incident.told_at == told_before
                    assert incident.over_told_at == over_before
            late.state.prune()
        assert late.state.incidents == {}
        assert set(begun.values()) <= {0, 1}
        assert +begun == +over
        kinds = Counter(notice.kind for notice in late.told)
        assert bool(kinds) == bool(+begun)


# Both hosts see, for long enough, that nothing is wrong.
END = [(seconds, set(), host, False, "") for seconds in (200.0, 200.0, 90_000.0) for host in ("alpha", "beta")]
