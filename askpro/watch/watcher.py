"""The loop of `manage.py watch`: look, keep what was found, tell. Each may hang without stopping the others."""

import logging
import os
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from askpro.queues.fleet.host import hostname
from askpro.watch import beats, pruning, telling
from askpro.watch.channels import sending
from askpro.watch.channels.errors import ChannelError, Failed
from askpro.watch.channels.names import Channel
from askpro.watch.conditions.base import Severity
from askpro.watch.conditions.registry import every_condition
from askpro.watch.incidents import Incidents, Look
from askpro.watch.lanes import Busy, Lane
from askpro.watch.looking import Looking
from askpro.watch.models import Delivery, Notice
from askpro.watch.own import own
from askpro.watch.quiet import is_quiet
from askpro.watch.state import State
from askpro.watch.stores.failover import Failover

log = logging.getLogger(__name__)

# Seconds between two rounds; a look, a message or a signal that is done begins the next one at once.
ROUND: Final = 1.0
LEAST: Final = 0.1
# Seconds after which a round that had nothing to do is made all the same: what is due by the clock is told then.
IDLE: Final = 5.0
# How much longer than its channel may take a message stays with its watcher.
SPARE: Final = 15.0

_LEVELS: Final = {Severity.WARNING.value: logging.WARNING, Severity.CRITICAL.value: logging.CRITICAL}

Results = dict[UUID, ChannelError | None]


class Watcher:
    def __init__(self) -> None:
        self.host = own.host = hostname()
        self._me = f"{self.host}:{os.getpid()}:{secrets.token_hex(3)}"[:100]
        self._pace = min(settings.WATCH_PACE, 1.0)
        self._wake = threading.Event()
        self._looking = Looking(every_condition(), self._wake.set, settings.WATCH_PACE)
        self._store = Failover()
        self._channels = {channel.value: Lane(f"channel-{channel.value}") for channel in Channel}
        self._sending: dict[str, tuple[Delivery, Future[None]]] = {}
        # What was sent, until a store has taken note of it.
        self._results: Results = {}
        self._beats, self._pruning = Lane("beats"), Lane("pruning")
        self._next_beat = self._next_pruning = self._next_round = datetime.min.replace(
            tzinfo=timezone.get_current_timezone()
        )
        self._stops = False

    def run(self) -> None:
        """Until `stop`. Ends with what is being sent, and is not missed afterwards."""
        beats.tell_systemd("READY=1")
        while not self._stops:
            try:
                self.round(timezone.now())
            except Exception:
                # One finding that cannot be kept must not be the end of all others.
                log.exception("A round of the watch failed; the next one follows")
            self._wake.wait(max(ROUND * self._pace, LEAST))
            self._wake.clear()
        beats.tell_systemd("STOPPING=1")
        self._finish()

    def stop(self) -> None:
        self._stops = True
        self._wake.set()

    def round(self, now: datetime) -> None:
        """One turn of the loop. Takes some seconds at most, whatever hangs."""
        beats.touch()
        beats.tell_systemd("WATCHDOG=1")
        self._beat(now)
        self._prune(now)
        # First what is done: its conditions are then looked at once more in this round, and not a slow round later.
        looks = self._looking.collect(now)
        self._looking.begin(now)
        own.unknown_since = dict(self._looking.unknown_since)
        self._collect_results()
        if looks or self._results or now >= self._next_round:
            self._next_round = now + timedelta(seconds=IDLE * self._pace)
            self._keep_and_tell(looks, now)

    def look(self, now: datetime, seconds: float = 10.0) -> None:
        """Look at what is due, wait for it, keep it and tell it, all at once."""
        self._looking.begin(now)
        while not self._looking.is_done() and self._wake.wait(seconds):
            self._wake.clear()
        self._keep_and_tell(self._looking.collect(now), now)

    def _keep_and_tell(self, looks: list[Look], now: datetime) -> None:
        results = dict(self._results)
        change = partial(self._change, looks=looks, results=results, now=now)
        notices, taken, own.failing_channels = self._store.change(change)
        for notice in notices:
            log.log(_LEVELS[notice.severity], "Alert: %s", notice.subject)
        for pk in results:
            self._results.pop(pk, None)
        for delivery in taken:
            self._send(delivery)

    def _change(
        self, state: State, looks: list[Look], results: Results, now: datetime
    ) -> tuple[list[Notice], list[Delivery], dict[str, str]]:
        telling.finish(state, results, now, self._pace)
        incidents = Incidents(state, now, self.host, settings.WATCH_PACE)
        incidents.see(looks)
        notices = incidents.tell(is_quiet(now))
        seconds = settings.ALERT_TIMEOUT + SPARE * self._pace
        taken = telling.take(state, self._sending.keys(), self._me, seconds, now)
        return notices, taken, telling.failing(state)

    def _send(self, delivery: Delivery) -> None:
        try:
            future = self._channels[delivery.channel].start(partial(sending.send, delivery), settings.ALERT_TIMEOUT)
        except (Busy, KeyError):
            return  # Another try follows when nobody has it any more.
        self._sending[delivery.channel] = delivery, future
        future.add_done_callback(lambda _: self._wake.set())

    def _collect_results(self) -> None:
        for channel, (delivery, future) in list(self._sending.items()):
            if future.done():
                del self._sending[channel]
                self._results[delivery.pk] = _outcome(delivery, future)

    def _beat(self, now: datetime) -> None:
        if now < self._next_beat:
            return
        self._next_beat = now + timedelta(seconds=beats.EVERY * self._pace)
        self._aside(self._beats, partial(beats.beat, self.host, now))

    def _prune(self, now: datetime) -> None:
        if now < self._next_pruning:
            return
        self._next_pruning = now + timedelta(seconds=pruning.EVERY)
        self._aside(self._pruning, partial(pruning.prune, now))

    def _aside(self, lane: Lane, task: Callable[[], object]) -> None:
        """In a thread of its own; when PostgreSQL is away, nobody misses it."""
        with suppress(Busy):
            lane.start(task, seconds=4.0)

    def _finish(self) -> None:
        with suppress(TimeoutError):
            for _, future in self._sending.values():
                future.exception(timeout=settings.ALERT_TIMEOUT + 1)
        self._collect_results()
        self._keep_and_tell([], timezone.now())
        with suppress(Exception):
            self._beats.run(partial(beats.end, self.host, timezone.now()), seconds=2.0)


def _outcome(delivery: Delivery, future: "Future[None]") -> ChannelError | None:
    error = future.exception()
    if error is None:
        return None
    if not isinstance(error, ChannelError):
        log.error("An alert cannot be sent by %s", delivery.channel, exc_info=error)
        error = Failed(f"a fault of AskPro: {type(error).__name__}")
    log.warning("An alert was not taken by %s: %s", delivery.channel, error.words)
    return error
