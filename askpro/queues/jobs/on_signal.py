"""Jobs that follow from signals: an app declares them, and their rows are written in the transaction of the change."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar

from django.db import transaction
from django.dispatch import Signal
from dramatiq import Message

from askpro.queues.jobs.actor import send_many

Listener = TypeVar("Listener", bound=Callable[..., Message[Any] | Iterable[Message[Any]] | None])


class OutsideTransaction(RuntimeError):
    """A signal was sent outside of a transaction: its change could be committed and its job lost."""


class AtomicSave:
    """Put it before `models.Model` among a model's bases: each save and its listeners are then one transaction.

    Without it, Django sends `post_save` after the save's own transaction was committed. `update()` and `bulk_create()`
    send no signal at all.
    """

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            super().save(*args, **kwargs)  # type: ignore[misc]


def sends_on(signal: Signal, sender: type[Any] | None = None) -> Callable[[Listener], Listener]:
    """Whenever `signal` is sent, send the messages that the decorated function returns.

        @sends_on(post_save, sender=PhoneNumber)
        def replay_when_assigned(instance: PhoneNumber, **_: Any) -> Message | None: ...

    The function gets the signal's own arguments and returns a message, several, or None. A watched model derives from
    `AtomicSave`; a signal of your own must be sent inside a transaction, or `OutsideTransaction` is raised. Rows from a
    fixture (`raw`) send nothing. Declare listeners in the app's `listeners.py`.
    """

    def declare(listener: Listener) -> Listener:
        @wraps(listener)
        def receive(sender: Any, **said: Any) -> None:
            if said.get("raw"):
                return
            if not transaction.get_connection().in_atomic_block:
                raise OutsideTransaction(OutsideTransaction.__doc__)
            said.pop("signal", None)
            wanted = listener(**said)
            send_many([wanted] if isinstance(wanted, Message) else list(wanted or ()))

        signal.connect(receive, sender=sender, weak=False, dispatch_uid=f"{listener.__module__}.{listener.__name__}")
        return listener

    return declare
