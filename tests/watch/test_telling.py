"""Who sends a delivery, and when it is tried again."""

from datetime import timedelta
from uuid import UUID

import pytest

from askpro.watch import telling
from askpro.watch.channels.errors import ChannelError, Failed, Throttled
from askpro.watch.conditions.base import Severity
from askpro.watch.models import Delivery, Notice
from askpro.watch.state import State
from tests.watch.made import BEGIN


def state_with(*channels: str) -> State:
    state = State()
    for channel in channels:
        notice = Notice(kind="began", severity=Severity.CRITICAL, subject="Late", created_at=BEGIN)
        state.put(notice, Delivery(notice=notice, channel=channel, next_at=BEGIN))
    return state


def take(state: State, me: str = "alpha", busy: tuple[str, ...] = (), seconds: float = 0) -> list[str]:
    taken = telling.take(state, busy, me, 30, BEGIN + timedelta(seconds=seconds))
    return [each.channel for each in taken]


def results(state: State, error: ChannelError | None) -> dict[UUID, ChannelError | None]:
    return dict.fromkeys(state.deliveries, error)


def test_each_channel_gets_its_oldest_and_no_other_before_that_has_ended() -> None:
    state = state_with("email", "email", "slack")
    assert take(state) == ["email", "slack"]
    assert [each.held_by for each in state.deliveries.values()] == ["alpha", "", "alpha"]
    assert take(state, busy=("email", "slack")) == []


def test_what_one_watcher_has_taken_another_gets_only_when_it_must_have_died() -> None:
    state = state_with("email")
    take(state)
    assert take(state, "beta", seconds=29) == []
    assert take(state, "beta", seconds=30) == ["email"]


def test_what_was_sent_is_over() -> None:
    state = state_with("email")
    take(state)
    telling.finish(state, results(state, None), BEGIN)
    (delivery,) = state.deliveries.values()
    assert (delivery.status, delivery.sent_at, delivery.held_by) == (Delivery.Status.SENT, BEGIN, "")
    assert take(state, seconds=1e6) == []


def test_what_fails_is_tried_again_at_growing_pauses_for_two_days() -> None:
    state = state_with("email")
    (delivery,) = state.deliveries.values()
    now, pauses = BEGIN, []
    while delivery.status == Delivery.Status.WAITING:
        telling.finish(state, results(state, Failed("it has trouble of its own (500)")), now)
        pauses.append((delivery.next_at - now).total_seconds())
        now = delivery.next_at
    assert pauses[:6] == [5, 15, 60, 300, 900, 900]
    assert (delivery.status, delivery.error) == (Delivery.Status.GIVEN_UP, "it has trouble of its own (500)")
    assert now - BEGIN > telling.OLDEST


@pytest.mark.parametrize(("asked", "pause"), [(1.0, 5.0), (120.0, 120.0)])
def test_the_pause_that_the_other_side_asks_for_is_kept(asked, pause) -> None:
    state = state_with("slack")
    telling.finish(state, results(state, Throttled("", pause=asked)), BEGIN)
    (delivery,) = state.deliveries.values()
    assert (delivery.next_at - BEGIN).total_seconds() == pause


def test_a_channel_fails_when_one_message_was_refused_twice() -> None:
    state = state_with("email", "slack")
    telling.finish(state, results(state, Failed("500")), BEGIN)
    assert telling.failing(state) == {}
    telling.finish(state, results(state, Failed("500")), BEGIN)
    assert telling.failing(state) == {"email": "500", "slack": "500"}
    telling.finish(state, results(state, None), BEGIN)
    assert telling.failing(state) == {}


def test_a_result_that_another_watcher_has_written_already_changes_nothing() -> None:
    state = state_with("email")
    telling.finish(state, results(state, None), BEGIN)
    telling.finish(state, results(state, Failed("500")) | {UUID(int=1): None}, BEGIN)
    (delivery,) = state.deliveries.values()
    assert delivery.status == Delivery.Status.SENT
