"""Who sends which delivery, and what becomes of it. Pure, like `incidents`.

A delivery is written in the change that begins the incident. A watcher takes it in a change, sends it, and writes in
another change that it was sent. So it is sent at least once, whatever dies, and a second time only if its watcher
or the store dies between the channel's acceptance and the second change; a mail then has the same Message-ID.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from askpro.watch.channels.errors import ChannelError
from askpro.watch.models import Delivery
from askpro.watch.state import State

# Seconds to the next try, the last one from then on; and how old a message may get.
PAUSES: Final = (5.0, 15.0, 60.0, 300.0, 900.0)
OLDEST: Final = timedelta(hours=48)
# After so many tries that failed, the other channels are told.
FAILING: Final = 2
Waiting = Delivery.Status.WAITING


def take(state: State, busy: Collection[str], me: str, seconds: float, now: datetime) -> list[Delivery]:
    """The oldest delivery that is due for each channel that is not busy. For `seconds`, nobody else takes it."""
    taken: dict[str, Delivery] = {}
    for delivery in sorted(state.deliveries.values(), key=lambda each: each.pk):
        is_free = delivery.held_until is None or delivery.held_until <= now
        if delivery.status != Waiting or delivery.next_at > now or not is_free:
            continue
        if delivery.channel not in busy and delivery.channel not in taken:
            taken[delivery.channel] = delivery
            delivery.held_until, delivery.held_by = now + timedelta(seconds=seconds), me
    return list(taken.values())


def finish(state: State, results: Mapping[UUID, ChannelError | None], now: datetime, pace: float = 1.0) -> None:
    """Write down what became of those that were sent: None is success. `pace` multiplies the pauses."""
    for pk, error in results.items():
        if (delivery := state.deliveries.get(pk)) is None or delivery.status != Waiting:
            continue
        delivery.held_until, delivery.held_by = None, ""
        delivery.tries += 1
        if error is None:
            delivery.status, delivery.sent_at, delivery.error = Delivery.Status.SENT, now, ""
        else:
            _put_off(delivery, error, now, pace)


def failing(state: State) -> dict[str, str]:
    """The channels that have failed repeatedly, and why."""
    found: dict[str, str] = {}
    for delivery in state.deliveries.values():
        if delivery.status == Waiting and delivery.tries >= FAILING:
            found[delivery.channel] = delivery.error
    return found


def _put_off(delivery: Delivery, error: ChannelError, now: datetime, pace: float) -> None:
    pause = max(PAUSES[min(delivery.tries, len(PAUSES)) - 1] * pace, error.pause)
    delivery.error = error.words[:200]
    delivery.next_at = now + timedelta(seconds=pause)
    if delivery.next_at > delivery.notice.created_at + OLDEST:
        delivery.status = Delivery.Status.GIVEN_UP
