"""Redis may fail in any way: senders do not notice, and nothing is lost."""

import signal
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import redis
from django.db import transaction

from askpro.dev.up.home import Home
from askpro.dev.up.valkey import Valkey
from askpro.queues.ledger import hints
from askpro.queues.ledger.hints import FIRST_PAUSE, LONGEST_PAUSE, Breaker, Popper, Pusher
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs
from tests.queues import actors

pytestmark = pytest.mark.redis_patience

# The longest that a request may wait for Redis, all its sends together.
LONGEST_WAIT = 0.5


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A Valkey that these tests may stop, fill and kill."""
    home = Home(tmp_path_factory.mktemp("valkey"))
    home.prepare()
    valkey = Valkey(home)
    valkey.start()
    yield valkey
    valkey.stop()


@pytest.fixture
def client(server: Valkey, settings) -> Iterator["redis.Redis"]:
    settings.REDIS_URL = server.url
    hints.pusher.cache_clear()
    connected = redis.Redis.from_url(server.url)
    connected.flushall()
    yield connected
    connected.close()
    hints.pusher.cache_clear()


@pytest.fixture
def hung(server: Valkey, client) -> Iterator[None]:
    server._child.send_signal(signal.SIGSTOP)
    yield
    server._child.send_signal(signal.SIGCONT)


def seconds(function, *args):
    began = time.monotonic()
    function(*args)
    return time.monotonic() - began


class TestTheBreaker:
    @pytest.fixture
    def clock(self, monkeypatch):
        now = [1000.0]
        monkeypatch.setattr(hints.time, "monotonic", lambda: now[0])
        return now

    def test_it_is_closed_until_something_fails(self, clock):
        assert not Breaker().is_open

    def test_it_stays_open_for_the_pause_and_then_lets_one_try(self, clock):
        breaker = Breaker()
        breaker.failed(redis.ConnectionError())
        assert breaker.is_open
        clock[0] += FIRST_PAUSE
        assert not breaker.is_open

    def test_the_pause_doubles_up_to_the_longest_and_begins_anew_after_a_success(self, clock):
        breaker = Breaker()
        pauses = []
        for _ in range(6):
            breaker.failed(redis.ConnectionError())
            before = clock[0]
            while breaker.is_open:
                clock[0] += 0.25
            pauses.append(clock[0] - before)
        assert pauses == [0.5, 1.0, 2.0, 4.0, LONGEST_PAUSE, LONGEST_PAUSE]
        breaker.succeeded()
        breaker.failed(redis.ConnectionError())
        clock[0] += FIRST_PAUSE
        assert not breaker.is_open


class TestPushing:
    def test_ids_are_popped_in_the_order_in_which_they_were_pushed(self, client):
        Pusher().push({"default": ["a", "b", "c"], "high": ["d"]})
        popper = Popper("default", 0.1)
        assert popper.pop(2) + popper.pop(2) == ["a", "b", "c"]

    def test_it_goes_on_after_a_failure_once_the_pause_is_over(self, server, client, caplog):
        pusher = Pusher()
        client.config_set("maxmemory", "1")
        pusher.push({"default": ["a"]})
        client.config_set("maxmemory", "0")
        pusher.push({"default": ["b"]})
        assert client.llen(hints.key("default")) == 0
        pusher._breaker._closed_from = 0.0
        pusher.push({"default": ["c"]})
        assert client.lrange(hints.key("default"), 0, -1) == [b"c"]
        assert [record.message for record in caplog.records] == [
            "Redis is away (OutOfMemoryError); jobs are found by age for 0.5 s"
        ]

    def test_nobody_pays_for_a_hung_redis_more_than_once(self, client, hung):
        pusher = Pusher()
        took = [seconds(pusher.push, {"default": ["a"]}) for _ in range(20)]
        print(f"\n20 pushes to a hung Redis took {sum(took) * 1000:.0f} ms")
        assert sum(took) < LONGEST_WAIT

    def test_a_connection_that_was_open_before_it_hung_is_no_slower(self, server, client):
        pusher = Pusher()
        pusher.push({"default": ["a"]})
        server._child.send_signal(signal.SIGSTOP)
        try:
            assert seconds(pusher.push, {"default": ["b"], "high": ["c"]}) < LONGEST_WAIT
        finally:
            server._child.send_signal(signal.SIGCONT)

    def test_many_threads_wait_side_by_side_and_not_in_a_row(self, client, hung):
        pusher = Pusher()
        threads = [threading.Thread(target=pusher.push, args=({"default": ["a"]},)) for _ in range(12)]

        def all_of_them():
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        assert seconds(all_of_them) < LONGEST_WAIT

    def test_a_server_that_refuses_connections_costs_next_to_nothing(self, settings):
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        assert seconds(Pusher().push, {"default": ["a"]}) < 0.2

    def test_a_name_that_cannot_be_resolved_raises_nothing(self, settings):
        settings.REDIS_URL = "redis://no.such.host.invalid:6379/0"
        Pusher().push({"default": ["a"]})

    def test_without_an_address_there_is_no_redis(self, settings):
        settings.REDIS_URL = ""
        Pusher().push({"default": ["a"]})
        assert Popper("default", 0.1).is_away


class TestPopping:
    def test_it_waits_for_the_first_id(self, client):
        popper = Popper("default", 1.0)
        later = threading.Timer(0.1, client.rpush, (hints.key("default"), "a"))
        later.start()
        assert popper.await_one(1.0) == ["a"]
        later.join()

    def test_it_waits_no_longer_than_asked(self, client):
        popper = Popper("default", 1.0)
        assert 0.05 < seconds(popper.await_one, 0.1) < 0.9

    def test_it_tells_how_many_are_left(self, client):
        Pusher().push({"default": ["a", "b", "c"]})
        popper = Popper("default", 0.1)
        assert [(popper.pop(2), popper.left) for _ in range(2)] == [(["a", "b"], 1), (["c"], 0)]

    def test_ids_that_were_put_back_come_first(self, client):
        Pusher().push({"default": ["a", "b", "c"]})
        popper = Popper("default", 0.1)
        popper.pop(2)
        popper.put_back()
        assert [popper.pop(1), popper.pop(2)] == [["a"], ["b", "c"]]

    def test_what_failed_leaves_no_answer_for_the_next_command(self, client):
        popper = Popper("default", 1.0)
        client.set(hints.key("default"), "no list")
        assert popper.pop(1) == []
        client.delete(hints.key("default"))
        Pusher().push({"default": ["a"]})
        assert popper.await_one(0.5) == ["a"]

    def test_a_hung_redis_is_away_and_not_asked_again_at_once(self, client, hung):
        popper = Popper("default", 0.1)
        assert popper.pop(5) == []
        assert popper.is_away

    def test_a_read_only_replica_counts_as_away(self, client):
        client.execute_command("REPLICAOF", "127.0.0.1", "1")
        try:
            popper = Popper("default", 0.1)
            assert popper.pop(5) == []
            assert popper.is_away
        finally:
            client.execute_command("REPLICAOF", "NO", "ONE")


@pytest.mark.django_db(transaction=True)
class TestSending:
    """What a web request does: several jobs, one transaction."""

    def send(self):
        with transaction.atomic():
            for number in range(10):
                actors.nothing.send(number)
            actors.tagged.send(call_id=1)

    def all_complete(self):
        run_jobs()
        return Job.objects.filter(status="completed").count() == 11

    def test_redis_hangs(self, client, hung):
        assert seconds(self.send) < LONGEST_WAIT
        assert self.all_complete()

    def test_redis_is_full(self, client):
        client.config_set("maxmemory", "1")
        try:
            assert seconds(self.send) < LONGEST_WAIT
        finally:
            client.config_set("maxmemory", "0")
        assert self.all_complete()

    def test_redis_is_a_read_only_replica(self, client):
        client.execute_command("REPLICAOF", "127.0.0.1", "1")
        try:
            assert seconds(self.send) < LONGEST_WAIT
        finally:
            client.execute_command("REPLICAOF", "NO", "ONE")
        assert self.all_complete()

    def test_redis_is_gone(self, settings):
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        hints.pusher.cache_clear()
        assert seconds(self.send) < LONGEST_WAIT
        assert self.all_complete()

    def test_redis_is_slow_and_yet_answers_in_time(self, server, client, settings):
        with _slow_road(server.port, 0.15) as port:
            settings.REDIS_URL = server.url.replace(f":{server.port}/", f":{port}/")
            hints.pusher.cache_clear()
            took = seconds(self.send)
        print(f"\n11 sends in one transaction with a Redis that takes 150 ms an answer: {took * 1000:.0f} ms")
        assert took < LONGEST_WAIT
        assert self.all_complete()

    def test_redis_is_switched_off(self, settings):
        settings.REDIS_URL = ""
        hints.pusher.cache_clear()
        self.send()
        assert self.all_complete()


class _slow_road:  # noqa: N801 - reads as what it is
    """A proxy on the way to Redis that holds every answer back for some seconds."""

    def __init__(self, port: int, delay: float) -> None:
        self._target = port
        self._delay = delay
        self._listener = socket.create_server(("127.0.0.1", 0))

    def __enter__(self) -> int:
        threading.Thread(target=self._accept, daemon=True).start()
        return int(self._listener.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target))
            threading.Thread(target=self._carry, args=(near, far, 0.0), daemon=True).start()
            threading.Thread(target=self._carry, args=(far, near, self._delay), daemon=True).start()

    @staticmethod
    def _carry(source: socket.socket, target: socket.socket, delay: float) -> None:
        try:
            while data := source.recv(65536):
                time.sleep(delay)
                target.sendall(data)
        except OSError:
            pass
        finally:
            target.close()


def test_keys_carry_the_installations_prefix(settings):
    settings.REDIS_KEY_PREFIX = "elsewhere"
    assert hints.key("high") == "elsewhere:ready:high"
