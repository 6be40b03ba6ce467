"""The loop: what is found is told once, whatever hangs, fails or comes twice."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings

from askpro.watch import beats, pruning, watcher
from askpro.watch.channels import sending
from askpro.watch.channels.errors import Failed
from askpro.watch.conditions.base import Finding
from askpro.watch.models import Delivery
from askpro.watch.own import own
from askpro.watch.state import State
from askpro.watch.stores import document
from askpro.watch.watcher import Watcher
from tests.watch.made import BEGIN, condition, registered


class Shared:
    """A store in memory, which several watchers share."""

    def __init__(self) -> None:
        self.text = ""
        self.lock = threading.Lock()

    def change(self, change: Callable[[State], Any]) -> Any:
        with self.lock:
            state = document.read(self.text)
            result = change(state)
            self.text = document.written(state)
            return result

    def deliveries(self) -> list[Delivery]:
        return list(document.read(self.text).deliveries.values())


class World:
    """Two channels that note what they send, and one condition."""

    def __init__(self) -> None:
        self.store = Shared()
        self.sent: list[tuple[str, str]] = []
        self.failing: set[str] = set()
        self.hanging: dict[str, threading.Event] = {}
        self.findings: list[Finding] = []
        self.now = BEGIN

    def send(self, delivery: Delivery) -> None:
        if delivery.channel in self.hanging:
            # Longer than two turns take on a busy machine.
            self.hanging[delivery.channel].wait(20)
        if delivery.channel in self.failing:
            raise Failed("it has trouble of its own (500)")
        self.sent.append((delivery.channel, delivery.notice.kind))

    def turn(self, *watchers: Watcher, seconds: float = 0.0, until: Callable[[], bool] = lambda: False) -> None:
        """Rounds at one time, until what was begun has ended or `until` is true."""
        self.now += timedelta(seconds=seconds)
        limit = time.monotonic() + 3
        for _ in range(4):
            for each in watchers:
                each.round(self.now)
                while not (each._looking.is_done() and self._has_sent(each)) and time.monotonic() < limit:
                    if until():
                        return
                    time.sleep(0.001)

    def _has_sent(self, each: Watcher) -> bool:
        return all(future.done() for name, (_, future) in each._sending.items() if name not in self.hanging)


@contextmanager
def world() -> Iterator[World]:
    made = World()
    late = condition(lasts=0, find=lambda now: made.findings)
    channels = {"ALERT_EMAILS": ["ops@askpro.example"], "ALERT_SLACK_URL": "https://hooks.example", "ALERT_SMS_TO": []}
    with ExitStack() as inside:
        patch = inside.enter_context(pytest.MonkeyPatch.context())
        inside.enter_context(registered(late))
        inside.enter_context(override_settings(**channels, ALERT_QUIET_HOURS="", ALERT_ESCALATION_EMAILS=[]))
        patch.setattr(watcher, "Failover", lambda: made.store)
        patch.setattr(sending, "send", made.send)
        for module, name in ((beats, "beat"), (beats, "end"), (beats, "touch"), (pruning, "prune")):
            patch.setattr(module, name, lambda *_: None)
        yield made


def test_what_is_found_is_told_once_on_each_channel_and_so_is_its_end() -> None:
    with world() as made:
        alpha = Watcher()
        made.findings = [Finding("critical", 5, 1)]
        made.turn(alpha)
        made.turn(alpha, seconds=30)
        assert sorted(made.sent) == [("email", "began"), ("slack", "began")]
        made.findings = []
        made.turn(alpha, seconds=121)
        assert sorted(made.sent)[1::2] == [("email", "over"), ("slack", "over")]
        assert {each.status for each in made.store.deliveries()} == {"sent"}


def test_two_watchers_tell_once() -> None:
    with world() as made:
        alpha, beta = Watcher(), Watcher()
        made.findings = [Finding("critical", 5, 1)]
        for _ in range(5):
            made.turn(alpha, beta, seconds=10)
        assert sorted(made.sent) == [("email", "began"), ("slack", "began")]


def test_a_channel_that_hangs_holds_up_no_other() -> None:
    with world() as made:
        made.hanging["email"] = threading.Event()
        alpha = Watcher()
        made.findings = [Finding("critical", 5, 1)]
        made.turn(alpha)
        assert made.sent == [("slack", "began")]
        made.findings = []
        made.turn(alpha, seconds=121)
        assert made.sent == [("slack", "began"), ("slack", "over")]
        made.hanging.pop("email").set()
        made.turn(alpha, seconds=10)
        assert made.sent[2:] == [("email", "began"), ("email", "over")]


def test_what_fails_is_sent_later_and_the_failing_channel_is_known() -> None:
    with world() as made:
        made.failing = {"email"}
        alpha = Watcher()
        made.findings = [Finding("critical", 5, 1)]
        for _ in range(3):
            made.turn(alpha, seconds=20)
        assert made.sent == [("slack", "began")]
        assert own.failing_channels == {"email": "it has trouble of its own (500)"}
        made.failing = set()
        made.turn(alpha, seconds=1000)
        made.turn(alpha, seconds=1)
        assert ("email", "began") in made.sent
        assert own.failing_channels == {}


def test_a_watcher_that_died_while_it_sent_is_followed_by_another_only_when_its_time_is_over() -> None:
    with world() as made:
        made.hanging["email"] = threading.Event()
        dead, beta = Watcher(), Watcher()
        made.findings = [Finding("critical", 5, 1)]
        made.turn(dead)
        made.hanging = {}
        made.turn(beta, seconds=29)
        assert made.sent == [("slack", "began")]
        made.turn(beta, seconds=watcher.IDLE)
        assert made.sent == [("slack", "began"), ("email", "began")]


def test_a_sender_with_a_fault_of_ours_is_a_failure_like_others() -> None:
    with world() as made:
        alpha = Watcher()
        made.findings = [Finding("critical", 5, 1)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sending, "send", lambda delivery: 1 / 0)
            made.turn(alpha)
            made.turn(alpha, seconds=1)
        assert {each.error for each in made.store.deliveries()} == {"a fault of AskPro: ZeroDivisionError"}


def test_look_does_all_of_it_at_once() -> None:
    with world() as made:
        alpha = Watcher()
        made.findings = [Finding("critical", 5, 1)]
        alpha.look(BEGIN)
        assert len(made.store.deliveries()) == 2


def test_it_stops_when_it_is_told_to_and_finishes_what_it_sends() -> None:
    with world() as made:
        made.hanging["email"] = threading.Event()
        alpha = Watcher()
        made.findings = [Finding("critical", 5, 1)]
        thread = threading.Thread(target=alpha.run)
        thread.start()
        limit = time.monotonic() + 5
        while "email" not in alpha._sending and time.monotonic() < limit:
            time.sleep(0.005)
        alpha.stop()
        made.hanging.pop("email").set()
        thread.join(5)
        assert not thread.is_alive()
        assert ("email", "began") in made.sent
        assert {each.status for each in made.store.deliveries() if each.channel == "email"} == {"sent"}


def test_a_round_that_fails_is_followed_by_the_next() -> None:
    with world() as made:
        alpha = Watcher()
        rounds = []

        def fails_first(now: object) -> None:
            rounds.append(now)
            if len(rounds) == 1:
                raise ZeroDivisionError
            alpha.stop()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(alpha, "round", fails_first)
            alpha.run()
        assert len(rounds) == 2
        assert made.sent == []
