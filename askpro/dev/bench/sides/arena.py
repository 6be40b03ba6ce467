"""The sides of a run. Each is started when it is first needed, and suspended (SIGSTOP) between its turns."""

import time
from pathlib import Path
from types import TracebackType

from askpro.dev.bench.sides.contenders import IDLE_SECONDS, Contender, Ours, RedisBroker, Side


class Arena:
    """Owns the programs, and ends them when it is left."""

    def __init__(self, folder: Path, warm_up: int) -> None:
        self._folder = folder
        self._warm_up = warm_up
        self._ours: Ours | None = None
        self._peers: dict[tuple[int, bool], RedisBroker] = {}

    def __enter__(self) -> "Arena":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sides: list[Side] = [*([self._ours] if self._ours else []), *self._peers.values()]
        for side in sides:
            side.program.ask_to_stop()
        for side in sides:
            side.program.stop()

    @property
    def ours(self) -> Ours:
        if self._ours is None:
            self._ours = Ours(self._folder)
            self._start(self._ours)
        return self._ours

    def peer(self, prefetch: int = 0, *, groups: bool = False) -> RedisBroker:
        """RedisBroker with this prefetch, or with Dramatiq's default; with `groups` it can call back after a group."""
        key = (prefetch, groups)
        if key not in self._peers:
            self._peers[key] = RedisBroker(self._folder, prefetch, groups=groups)
            self._start(self._peers[key])
        return self._peers[key]

    def retire_ours(self) -> None:
        """End our side, because others must work its queues."""
        if self._ours:
            self._ours.program.stop()
            self._ours = None

    def _start(self, side: Side) -> None:
        side.wait()
        side.run("empty", [{}] * self._warm_up)
        rest(side)


def rest(side: Contender) -> None:
    """Let it become idle, then suspend it."""
    time.sleep(IDLE_SECONDS)
    side.program.hold()
