"""The three stores keep the same, for one watcher at a time, and say when they cannot."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from askpro.queues.ids import uuid7
from askpro.watch.models import Delivery, Incident, Mute, Notice
from askpro.watch.sources import redis_client
from askpro.watch.state import State
from askpro.watch.stores import document, redis
from askpro.watch.stores.base import Store, StoreAway, StoreSilent
from askpro.watch.stores.file import FileStore
from askpro.watch.stores.postgres import PostgresStore
from askpro.watch.stores.redis import RedisStore
from tests.watch.made import BEGIN


@pytest.fixture(autouse=True)
def _own_places(tmp_path, db) -> Iterator[None]:
    with override_settings(ASKPRO_HOME=tmp_path, REDIS_KEY_PREFIX=f"watch-{uuid7()}"):
        yield


@pytest.fixture(params=[PostgresStore, RedisStore, FileStore], ids=lambda kind: kind.name)
def store(request) -> Store:
    return request.param()


def incident(about: str = "critical", **more) -> Incident:
    values = {"code": "late", "severity": "critical", "began_at": BEGIN, "seen_at": BEGIN, "facts": {"jobs": 3}}
    return Incident(about=about, **values | more)


def notice_with_delivery() -> tuple[Notice, Delivery]:
    notice = Notice(kind="began", severity="critical", subject="Late", text="…", short="Late", created_at=BEGIN)
    return notice, Delivery(notice=notice, channel="email", next_at=BEGIN)


def stored(store: Store) -> State:
    return store.change(document.copied)


def test_what_was_put_is_there_and_what_was_changed_is_changed(store) -> None:
    first = incident()
    store.change(lambda state: state.put(first, *notice_with_delivery()))

    def open_it(state: State) -> None:
        (found,) = state.incidents.values()
        found.status, found.facts = "open", {"jobs": 4}

    store.change(open_it)
    (found,) = stored(store).incidents.values()
    assert (found.pk, found.status, found.facts) == (first.pk, "open", {"jobs": 4})
    (delivery,) = stored(store).deliveries.values()
    assert delivery.notice.subject == "Late"


def test_a_fault_in_a_change_keeps_nothing_of_it(store) -> None:
    def fails(state: State) -> None:
        state.put(incident())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.change(fails)
    assert stored(store).incidents == {}


def test_what_was_forgotten_is_gone(store) -> None:
    store.change(lambda state: state.put(incident()))
    store.change(lambda state: state.incidents.clear())
    assert stored(store).incidents == {}


class TestPostgreSQL:
    def test_it_loads_what_is_alive_and_what_is_asked_for(self) -> None:
        over = incident("over", status="over", told_at=BEGIN, over_told_at=BEGIN)
        untold = incident("untold", status="over", told_at=BEGIN)
        PostgresStore().change(lambda state: state.put(over, untold, incident("open", status="open")))
        assert {each.about for each in stored(PostgresStore()).incidents.values()} == {"untold", "open"}
        also = PostgresStore().change(document.copied, also=[over.pk])
        assert {each.about for each in also.incidents.values()} == {"over", "untold", "open"}

    def test_a_mute_that_is_over_does_not_count(self) -> None:
        for hours in (-1, 1):
            until = timezone.now() + timedelta(hours=hours)
            Mute.objects.create(code=f"in {hours} h", until=until, reason="", by="", created_at=BEGIN)
        assert [each.code for each in stored(PostgresStore()).mutes.values()] == ["in 1 h"]

    def test_a_person_who_acknowledges_meanwhile_is_not_overwritten(self) -> None:
        first = incident(status="open")
        PostgresStore().change(lambda state: state.put(first))

        def change(state: State) -> None:
            (found,) = state.incidents.values()
            assert Incident.objects.get().acknowledge("ada", BEGIN)
            found.value = 7

        PostgresStore().change(change)
        found = Incident.objects.get()
        assert (found.value, found.acknowledged_by) == (7, "ada")

    def test_it_is_away_when_its_connection_is(self, monkeypatch) -> None:
        def broken(*_: object, **__: object) -> None:
            from django.db import OperationalError

            raise OperationalError

        monkeypatch.setattr(connection, "close", lambda: None)
        monkeypatch.setattr("askpro.watch.stores.postgres._enter", broken)
        with pytest.raises(StoreAway):
            stored(PostgresStore())


class TestRedis:
    def test_without_one_it_is_away(self) -> None:
        with override_settings(REDIS_URL=""), pytest.raises(StoreAway):
            stored(RedisStore())

    def test_one_watcher_at_a_time(self, monkeypatch) -> None:
        monkeypatch.setattr(redis, "PATIENCE", 0.05)

        def inside(state: State) -> None:
            with pytest.raises(StoreAway, match="turn"):
                stored(RedisStore())

        RedisStore().change(inside)
        stored(RedisStore())

    def test_a_watcher_waits_for_its_turn_and_sees_what_the_one_before_it_did(self) -> None:
        seen: list[State] = []
        second = threading.Thread(target=lambda: seen.append(stored(RedisStore())))

        def first(state: State) -> None:
            second.start()
            second.join(0.1)
            state.put(incident("told by the first", status="open"))

        RedisStore().change(first)
        second.join()
        assert [each.about for each in seen[0].incidents.values()] == ["told by the first"]

    def test_the_turn_of_a_watcher_that_was_killed_lapses(self, monkeypatch) -> None:
        monkeypatch.setattr(redis, "TURN", 50)

        def killed(state: State) -> None:
            assert stored(RedisStore()).incidents == {}

        with pytest.raises(StoreAway, match="too long"):
            RedisStore().change(killed)

    def test_one_that_accepts_and_says_nothing_is_silent(self, monkeypatch) -> None:
        monkeypatch.setattr(redis, "SECONDS", 0.05)
        with closing(socket.create_server(("127.0.0.1", 0), backlog=5)) as frozen:
            url = f"redis://127.0.0.1:{frozen.getsockname()[1]}/0"
            for ask in (lambda: stored(RedisStore()), lambda: RedisStore().left()):
                with override_settings(REDIS_URL=url), pytest.raises(StoreSilent):
                    ask()

    def test_who_took_too_long_writes_nothing(self) -> None:
        def late(state: State) -> None:
            state.put(incident())
            with redis_client(1) as client:
                for key in client.scan_iter("*:turn"):
                    client.delete(key)

        with pytest.raises(StoreAway, match="too long"):
            RedisStore().change(late)
        assert stored(RedisStore()).incidents == {}


class TestTheFile:
    def test_it_is_readable_for_its_owner_only(self, tmp_path) -> None:
        FileStore().change(lambda state: state.put(incident()))
        assert (tmp_path / "watch/state.json").stat().st_mode & 0o077 == 0
        assert (tmp_path / "watch").stat().st_mode & 0o077 == 0

    def test_one_watcher_at_a_time(self) -> None:
        failures: list[Exception] = []

        def elsewhere() -> None:
            try:
                stored(FileStore())
            except StoreAway as error:
                failures.append(error)

        def inside(state: State) -> None:
            thread = threading.Thread(target=elsewhere)
            thread.start()
            thread.join()

        FileStore().change(inside)
        assert len(failures) == 1

    def test_a_broken_file_is_an_empty_one(self, tmp_path) -> None:
        FileStore().change(lambda state: state.put(incident()))
        (tmp_path / "watch/state.json").write_text('[{"model": "Inc', "utf-8")
        assert stored(FileStore()).incidents == {}

    def test_a_place_that_cannot_be_written_is_away(self, tmp_path) -> None:
        (tmp_path / "watch").write_text("in the way", "utf-8")
        with pytest.raises(StoreAway):
            stored(FileStore())


@pytest.mark.parametrize("kind", [RedisStore, FileStore])
def test_a_lesser_store_is_emptied_unless_it_has_changed(kind) -> None:
    lesser = kind()
    assert lesser.left() == ""
    lesser.change(lambda state: state.put(incident()))
    text = lesser.left()
    lesser.change(lambda state: state.put(incident("high")))
    lesser.forget(text)
    assert len(document.read(lesser.left()).incidents) == 2
    lesser.forget(lesser.left())
    assert lesser.left() == ""
