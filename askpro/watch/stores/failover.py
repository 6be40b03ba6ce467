"""Always some store: PostgreSQL, else Redis, else the file, else this process's memory."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from django.conf import settings

from askpro.watch.lanes import Lane
from askpro.watch.state import State
from askpro.watch.stores import document
from askpro.watch.stores.base import LesserStore, Store, StoreAway, StoreSilent, T
from askpro.watch.stores.file import FileStore
from askpro.watch.stores.merging import merge
from askpro.watch.stores.postgres import PostgresStore
from askpro.watch.stores.redis import RedisStore

log = logging.getLogger(__name__)

# Seconds for one change; and those for which a store that did not answer in time is not asked again.
SECONDS: Final = 3.0
REST: Final = 5.0
# How many changes pass between two looks for what other hosts have left in Redis.
ROUNDS: Final = 60


class Failover:
    """Changes the state in the best store that answers, and brings into it what the lesser ones were told meanwhile."""

    def __init__(self) -> None:
        self._lesser: Sequence[LesserStore] = (RedisStore(), FileStore())
        self._stores: Sequence[Store] = (PostgresStore(), *self._lesser)
        self._lanes = {store.name: Lane(f"store-{store.name}") for store in self._stores}
        # What the state was after the last change, for the store that comes after the one that dies.
        self._known = State()
        self._changes = 0
        self._rests_until: dict[str, float] = {}
        self.current = ""

    def change(self, change: Callable[[State], T]) -> T:
        """`change` may be called more than once; each call gets a state that the others have not touched."""
        self._changes += 1
        for store in self._stores:
            if self._rests(store):
                continue
            try:
                result = self._change(store, change)
            except (StoreAway, TimeoutError) as error:
                log.debug("The state cannot be kept in %s: %s", store.name, error)
                self._let_rest(store, error)
                continue
            except Exception:
                # A fault of ours in one store must not keep people from being told by way of the next.
                log.exception("The state cannot be kept in %s", store.name)
                continue
            self._enter(store.name)
            return result
        self._enter("memory")
        return change(self._known)

    def _rests(self, store: Store) -> bool:
        return time.monotonic() < self._rests_until.get(store.name, 0.0)

    def _let_rest(self, store: Store, error: Exception) -> None:
        if isinstance(error, TimeoutError | StoreSilent) or isinstance(error.__cause__, TimeoutError):
            self._rests_until[store.name] = time.monotonic() + REST * min(settings.WATCH_PACE, 1.0)

    def _change(self, store: Store, change: Callable[[State], T]) -> T:
        left = self._left(store)
        others = [document.read(text) for text in left.values()]
        if store.name != self.current:
            others.append(document.copied(self._known))

        def changed(state: State) -> tuple[T, State]:
            for other in others:
                merge(state, document.copied(other))
            result = change(state)
            return result, document.copied(state)

        also = {record.pk for other in others for record in other.records()}
        task: Callable[[], tuple[T, State]] = lambda: store.change(changed, also)  # noqa: E731
        result, self._known = self._lanes[store.name].run(task, SECONDS)
        self._known.prune()
        for lesser, text in left.items():
            lesser.forget(text)
        return result

    def _left(self, store: Store) -> Mapping[LesserStore, str]:
        """What the stores below have. Redis is asked seldom while it is not needed: it may be what is away."""
        place = self._stores.index(store)
        found: dict[LesserStore, str] = {}
        for lesser in self._lesser:
            is_below = self._stores.index(lesser) > place
            is_asked = lesser.name == "file" or store.name != self.current or self._changes % ROUNDS == 0
            if is_below and is_asked and not self._rests(lesser) and (text := self._asked(lesser)):
                found[lesser] = text
        return found

    def _asked(self, lesser: LesserStore) -> str:
        try:
            return lesser.left()
        except StoreSilent as error:
            self._let_rest(lesser, error)
            return ""

    def _enter(self, name: str) -> None:
        if name != self.current:
            log.warning("The state of the watch is in %s now.", name)
        self.current = name
