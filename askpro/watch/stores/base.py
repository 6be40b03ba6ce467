"""What a store does."""

from collections.abc import Callable, Collection
from typing import Protocol, TypeVar
from uuid import UUID

from askpro.watch.state import State

T = TypeVar("T")


class StoreAway(Exception):
    """The store cannot be read or written now; nothing was changed, or the change is there all the same."""


class StoreSilent(StoreAway):
    """It did not answer in time; to ask it again at once would hold the watch up."""


class Store(Protocol):
    """One place for the state. Only one watcher of those that share it changes it at a time."""

    name: str

    def change(self, change: Callable[[State], T], also: Collection[UUID] = ()) -> T:
        """Give the state to `change` and keep what it made of it; the records of `also` are in it, even if they are
        over. Raises `StoreAway`."""
        ...


class LesserStore(Store, Protocol):
    """A place for the time being: what is left in it is brought into a better one."""

    def left(self) -> str:
        """What is in it, as text; empty when nothing is, or when it cannot be read. Raises `StoreSilent`."""
        ...

    def forget(self, text: str) -> None:
        """Empty it, unless it has changed."""
        ...
