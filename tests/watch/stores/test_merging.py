"""What two stores were told apart from each other becomes one: nothing is told twice, and no end is forgotten."""

from datetime import timedelta

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from askpro.watch.models import Delivery, Incident
from askpro.watch.state import State
from askpro.watch.stores import document
from askpro.watch.stores.merging import merge
from tests.watch.made import Story, condition


@pytest.fixture(autouse=True)
def _channels() -> None:
    with override_settings(ALERT_EMAILS=["ops@askpro.example"], ALERT_SLACK_URL="", ALERT_SMS_TO=[]):
        yield


def parted() -> tuple[Story, Story]:
    """Two stories that knew the same and now go on without each other."""
    one = Story(condition(lasts=0))
    one.look("critical")
    other = Story(*one.conditions)
    other.state, other.now = document.copied(one.state), one.now
    return one, other


def test_a_document_keeps_everything() -> None:
    one, _ = parted()
    copy = document.copied(one.state)
    for mine, theirs in zip(one.state.records(), copy.records(), strict=True):
        values = [field.attname for field in mine._meta.concrete_fields]
        assert [getattr(mine, name) for name in values] == [getattr(theirs, name) for name in values]
    (delivery,) = copy.deliveries.values()
    assert delivery.notice.text == one.told[0].text


@pytest.mark.parametrize("text", ["", "nonsense", "{}", "[1]", '[{"model": "User"}]', '[{"model": "Incident"', "null"])
def test_a_document_that_is_none_is_an_empty_state(text) -> None:
    assert list(document.read(text).records()) == []


def test_what_one_store_ended_and_told_is_over_in_the_other() -> None:
    one, other = parted()
    other.wait(120).look()
    merge(one.state, other.state)
    assert one.only().status == Incident.Status.OVER
    assert one.wait(130).look() == []


def test_what_people_ended_there_is_not_opened_by_what_another_store_still_knew() -> None:
    one, other = parted()
    one.wait(120).look()
    other.wait(100).look("critical")
    merge(one.state, other.state)
    assert one.only().status == Incident.Status.OVER


def test_two_hosts_that_began_it_for_themselves_end_it_once() -> None:
    one, other = Story(condition(lasts=0)), Story(condition(lasts=0))
    assert one.look("postgres") == other.look("postgres") == ["began"]
    merge(one.state, other.state)
    (incident,) = one.state.incidents.values()
    assert one.wait(10).look("postgres") == []
    assert incident.tellings == 1
    assert one.wait(120).look() == ["over"]


def test_a_begin_that_one_has_told_is_told_by_nobody_again() -> None:
    one, other = Story(condition(lasts=60)), Story(condition(lasts=0))
    one.look("postgres")
    other.look("postgres")
    merge(one.state, other.state)
    assert one.wait(60).look("postgres") == []
    assert one.wait(120).look() == ["over"]


def test_a_person_who_is_at_it_stays_there() -> None:
    one, other = parted()
    one.only().acknowledged_at, one.only().acknowledged_by = one.now, "ada"
    merge(one.state, other.state)
    assert one.only().acknowledged_by == "ada"


def test_what_was_sent_anywhere_was_sent() -> None:
    one, other = parted()
    (sent,) = other.state.deliveries.values()
    sent.status, sent.sent_at = Delivery.Status.SENT, other.now
    merge(one.state, other.state)
    assert [each.status for each in one.state.deliveries.values()] == [Delivery.Status.SENT]
    merge(other.state, document.copied(one.state))
    assert [each.status for each in other.state.deliveries.values()] == [Delivery.Status.SENT]


def test_merging_twice_is_merging_once() -> None:
    one, other = parted()
    other.wait(10).look("critical", "high")
    merge(one.state, document.copied(other.state))
    once = document.written(one.state)
    merge(one.state, document.copied(other.state))
    assert document.written(one.state) == once


LOOKS = st.lists(st.tuples(st.sampled_from([1.0, 30.0, 121.0]), st.booleans()), max_size=12)


@given(apart=LOOKS, mine=LOOKS, together=LOOKS)
@hypothesis_settings(max_examples=150, deadline=None)
def test_whatever_both_saw_each_begin_that_was_told_has_its_end(apart, mine, together) -> None:
    """A begin may be told by both while they are apart; after they are one, nothing is told without need."""
    with override_settings(ALERT_EMAILS=["ops@askpro.example"], ALERT_SLACK_URL="", ALERT_SMS_TO=[]):
        one, other = parted()
        for story, looks in ((one, mine), (other, apart)):
            for seconds, is_wrong in looks:
                story.wait(seconds).look(*(["critical"] if is_wrong else []))
        one.now = max(one.now, other.now)
        merge(one.state, other.state)
        for seconds, is_wrong in [*together, (200.0, False), (200.0, False)]:
            one.wait(seconds).look(*(["critical"] if is_wrong else []))
            assert len(one.state.unfinished("late")) <= 1
        assert [each for each in one.state.incidents.values() if each.status != "over"] == []
        for incident in one.state.incidents.values():
            assert (incident.told_at is None) == (incident.over_told_at is None)


def test_an_empty_state_changes_nothing() -> None:
    one, _ = parted()
    before = document.written(one.state)
    merge(one.state, State())
    assert document.written(one.state) == before
    assert one.wait(1).now - one.told[0].created_at == timedelta(seconds=1)
