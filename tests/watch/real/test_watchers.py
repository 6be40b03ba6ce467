"""Two watchers, stores that are away, watchers that are killed, and channels that fail."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.utils import timezone

from askpro.dev.up.process import wait_until
from askpro.watch.models import Delivery, Watcher
from tests.watch.world import CHIEF, MOBILE, OPS, SPARE, Watch, World


@pytest.fixture(scope="module")
def second(machine: World) -> Iterator[Watch]:
    """The watch of another host."""
    other = machine.another_watch("beta")
    yield other
    if other.is_running():
        other.stop()
    Watcher.objects.filter(host="beta").update(stopped_at=timezone.now())


@pytest.fixture
def beta(world: World, second: Watch) -> Watch:
    if not second.is_running():
        second.start()
    assert wait_until(Watcher.objects.filter(host="beta", pid=second.pid, stopped_at=None).exists, SPARE)
    return second


@pytest.fixture
def ghost(world: World) -> Iterator[Watcher]:
    """A watcher of a host that is gone: missed once it is saved, until it is deleted."""
    now = timezone.now()
    yield Watcher(host="ghost", pid=1, started_at=now, beat_at=now - timedelta(minutes=5))
    Watcher.objects.filter(host="ghost").delete()


def test_without_postgresql_two_watchers_tell_once_on_every_channel(world: World, beta: Watch) -> None:
    with world.without_postgres():
        told = world.told("postgres_away")
        assert told.subject == "CRITICAL PostgreSQL does not answer (postgres)"
        assert "No connection to it" in told.text
    world.ended("postgres_away")
    world.once("postgres_away")

    def tellings() -> list[int]:
        mails, messages = (
            [each["subject"] for each in world.mails(OPS)],
            [each["body"] for each in world.messages(MOBILE)],
        )
        return [sum("CRITICAL PostgreSQL does not" in words for words in told_by) for told_by in (mails, messages)]

    # Each channel takes its own time.
    assert wait_until(lambda: tellings() == [1, 1], SPARE, pause=0.1), tellings()


def test_with_everything_down_each_host_tells_once_and_the_end_is_told_once(world: World, beta: Watch) -> None:
    with ExitStack() as down:
        down.enter_context(world.without_queues())
        down.enter_context(world.frozen_redis())
        down.enter_context(world.without_postgres())
        assert wait_until(lambda: len(world.tellings("postgres_away")) == 2, SPARE, pause=0.05), world.said()
        assert (world.watch.home / "watch/state.json").is_file()
    world.ended("postgres_away")
    assert [each.kind for each in world.tellings("postgres_away")] == ["began", "began", "over"], world.said()
    assert wait_until(lambda: not (world.watch.home / "watch/state.json").exists(), SPARE)


def test_a_watcher_that_is_killed_is_missed_and_one_that_is_stopped_is_not(world: World, beta: Watch) -> None:
    beta.kill()
    world.told("watcher_missing", about="beta")
    beta.start()
    world.ended("watcher_missing", about="beta")
    world.once("watcher_missing", about="beta")
    beta.stop()
    assert Watcher.objects.get(host="beta").stopped_at is not None


@pytest.mark.long
def test_a_frozen_watcher_holds_up_no_other(world: World, beta: Watch) -> None:
    beta.send_signal(signal.SIGSTOP)
    with world.without_postgres():
        world.told("postgres_away")
    world.ended("postgres_away")
    world.told("watcher_missing", about="beta")
    beta.send_signal(signal.SIGCONT)
    world.ended("watcher_missing", about="beta")
    beta.stop()


def test_killed_between_noting_and_telling_it_is_told_by_the_next_and_escalated(world: World, ghost: Watcher) -> None:
    world.vendors.fault("slack.post", latency_ms=1500, drop="before", times=1)
    ghost.save()
    held = Delivery.objects.filter(channel="slack", held_until__isnull=False, notice__subject__contains="ghost")
    assert wait_until(held.exists, SPARE, pause=0.01)
    world.watch.kill()
    assert world.tellings("watcher_missing") == []
    world.watch.start()
    world.told("watcher_missing", about="ghost")
    # Nobody acknowledges it for half an hour.
    world.sql("UPDATE watch_incident SET told_at = now() - interval '30 min' WHERE about = 'ghost' AND status = 'open'")
    world.told("watcher_missing", about="ghost", kind="escalated")
    assert wait_until(lambda: any("ghost" in mail["subject"] for mail in world.mails(CHIEF)), SPARE)
    ghost.delete()
    world.ended("watcher_missing", about="ghost")
    world.once("watcher_missing", about="ghost")


def test_a_channel_that_fails_is_told_on_the_others_and_gets_what_it_missed(world: World, ghost: Watcher) -> None:
    world.vendors.fault("smtp.message", status=451, times=100)
    ghost.save()
    assert "451" in world.told("channel_failing", about="email").text
    assert world.mails() == []
    world.vendors.clear_faults()
    world.ended("channel_failing", about="email")
    assert wait_until(lambda: any("ghost" in mail["subject"] for mail in world.mails()), SPARE)
