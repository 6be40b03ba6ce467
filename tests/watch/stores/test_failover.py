"""There is always a store, and what the lesser ones were told is brought into the better one once."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.test import override_settings

from askpro.watch.models import Incident
from askpro.watch.state import State
from askpro.watch.stores import document, failover
from askpro.watch.stores.base import StoreAway, StoreSilent
from askpro.watch.stores.failover import Failover
from tests.watch.made import BEGIN


class Fake:
    """A store in memory, which can be away, hang and be faulty."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.text = ""
        self.trouble: Exception | None = None
        self.hangs: threading.Event | None = None
        self.asked = 0

    def change(self, change: Callable[[State], Any], also: object = ()) -> Any:
        self.asked += 1
        if self.hangs:
            self.hangs.wait(5)
        if self.trouble:
            raise self.trouble
        state = document.read(self.text)
        result = change(state)
        self.text = document.written(state)
        return result

    def left(self) -> str:
        self.asked += 1
        if isinstance(self.trouble, StoreSilent):
            raise self.trouble
        return "" if self.trouble else self.text

    def forget(self, text: str) -> None:
        if text == self.text:
            self.text = ""

    def abouts(self) -> list[str]:
        return sorted(each.about for each in document.read(self.text).incidents.values())


@pytest.fixture
def stores(monkeypatch) -> list[Fake]:
    fakes = [Fake("postgres"), Fake("redis"), Fake("file")]
    for fake, kind in zip(fakes, ("PostgresStore", "RedisStore", "FileStore"), strict=True):
        monkeypatch.setattr(failover, kind, lambda fake=fake: fake)
    monkeypatch.setattr(failover, "SECONDS", 0.05)
    return fakes


def put(about: str) -> Callable[[State], None]:
    def change(state: State) -> None:
        if about not in state.unfinished("late"):
            moment = {"began_at": BEGIN, "seen_at": BEGIN}
            state.put(Incident(code="late", about=about, status="open", severity="critical", **moment))

    return change


def test_the_best_store_that_answers_is_used_and_gets_what_the_others_were_told(stores) -> None:
    postgres, redis, file = stores
    store = Failover()
    store.change(put("one"))
    postgres.trouble = redis.trouble = StoreAway()
    store.change(put("two"))
    assert (store.current, file.abouts()) == ("file", ["one", "two"])
    redis.trouble = None
    store.change(put("three"))
    assert (store.current, redis.abouts(), file.text) == ("redis", ["one", "three", "two"], "")
    postgres.trouble = None
    store.change(put("four"))
    assert (store.current, postgres.abouts(), redis.text) == ("postgres", ["four", "one", "three", "two"], "")


def test_with_nothing_at_all_it_remembers(stores) -> None:
    store = Failover()
    store.change(put("one"))
    for each in stores:
        each.trouble = StoreAway()
    store.change(put("two"))
    seen: list[int] = []
    store.change(lambda state: seen.append(len(state.incidents)))
    assert (store.current, seen) == ("memory", [2])
    stores[0].trouble = None
    store.change(put("three"))
    assert stores[0].abouts() == ["one", "three", "two"]


def test_a_store_that_hangs_is_left_and_not_waited_for_again_at_once(stores) -> None:
    postgres, redis, _ = stores
    postgres.hangs = threading.Event()
    store = Failover()
    with override_settings(WATCH_PACE=1.0):
        store.change(put("one"))
    assert (store.current, redis.abouts()) == ("redis", ["one"])
    postgres.hangs.set()
    store.change(put("two"))
    assert store.current == "redis"


def test_a_store_that_is_silent_is_asked_once_and_then_rests_whoever_asked(stores) -> None:
    postgres, redis, file = stores
    postgres.trouble, redis.trouble = StoreAway(), StoreSilent()
    store = Failover()
    with override_settings(WATCH_PACE=1.0):
        for number in range(3):
            store.change(put(str(number)))
    assert (store.current, redis.asked, postgres.asked) == ("file", 1, 3)
    assert file.abouts() == ["0", "1", "2"]


def test_a_fault_in_one_store_is_not_the_end_of_it(stores, caplog) -> None:
    stores[0].trouble = ZeroDivisionError()
    store = Failover()
    store.change(put("one"))
    assert store.current == "redis"
    assert "cannot be kept in postgres" in caplog.text


def test_what_a_host_left_that_was_cut_off_is_fetched_by_and_by(stores) -> None:
    postgres, redis, _ = stores
    store = Failover()
    store.change(put("one"))
    redis.change(put("of another host"))
    for _ in range(failover.ROUNDS):
        store.change(lambda state: None)
    assert (postgres.abouts(), redis.text) == (["of another host", "one"], "")
