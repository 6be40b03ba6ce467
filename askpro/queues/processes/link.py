"""The messages between forker and chores: lines of JSON over a socket pair, a dataclass for each kind ("word")."""

import json
import logging
import select
import socket
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Word:
    """A message of one of them; `word` is its name on the line."""

    word: ClassVar[str]


@dataclass(frozen=True)
class Scale(Word):
    """To the forker: this group should have `count` processes."""

    word = "scale"
    group: str
    count: int


@dataclass(frozen=True)
class Recall(Word):
    """To the forker: something was paused; workers must give back the jobs that they have not started."""

    word = "recall"


@dataclass(frozen=True)
class Restart(Word):
    """To the forker: restart with the current code."""

    word = "restart"


@dataclass(frozen=True)
class Stop(Word):
    """To the forker: finish the running jobs and end."""

    word = "stop"


@dataclass(frozen=True)
class LookForProfiles(Word):
    """To the forker: somebody wants profiles; workers must look for which jobs."""

    word = "profiles"


@dataclass(frozen=True)
class AskStacks(Word):
    """To the forker: where is this run of a job? `number` is that of the request."""

    word = "ask_stacks"
    number: int
    worker_id: int
    job_id: str
    claim_no: int


@dataclass(frozen=True)
class Recovered(Word):
    """To the forker: the jobs of this death are settled."""

    word = "recovered"
    number: int


@dataclass(frozen=True)
class Died(Word):
    """To the chores: a worker died, and what its page said. The other fields are those of `ledger.recover.Death`."""

    word = "death"
    number: int
    pool: str
    worker_id: int
    started: Sequence[tuple[str, int, float]] = ()
    culprits: Collection[str] = ()
    cause: str = ""
    stacks: str = ""


@dataclass(frozen=True)
class Report(Word):
    """To the chores, every second: processes of each group as [working, all] and as wanted, what each worker does (see
    `fleet.state.WorkerState`), and runs and seconds of each queue's jobs, over and running.
    """

    word = "state"
    processes: Mapping[str, Sequence[int]]
    wanted: Mapping[str, int]
    workers: Mapping[Any, Any]
    done: Mapping[str, Sequence[float]]
    running: Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Stacks(Word):
    """To the chores: the stacks of all threads of the worker, and which thread runs the job (0: unknown); or why there
    are none (`states.StackRefusal`).
    """

    word = "stacks"
    number: int
    text: str = ""
    thread: int = 0
    refusal: str = ""


@dataclass(frozen=True)
class Farewell(Word):
    """To the chores: all workers have ended and nothing follows."""

    word = "farewell"


@dataclass(frozen=True)
class Trouble(Word):
    """To the chores: the workers of this group cannot start."""

    word = "trouble"
    group: str
    text: str


@dataclass(frozen=True)
class Well(Word):
    """To the chores: the workers of this group start again."""

    word = "well"
    group: str


@dataclass(frozen=True)
class Restarted(Word):
    """To the chores: the current code runs, and all its workers with it."""

    word = "restarted"


@dataclass(frozen=True)
class RestartTrouble(Word):
    """To the chores: the code on disk does not start."""

    word = "restart_trouble"
    text: str


@dataclass(frozen=True)
class Recycled(Word):
    """To the chores: a worker was told to leave, and why."""

    word = "recycled"
    group: str
    text: str


WORDS: dict[str, type[Word]] = {each.word: each for each in Word.__subclasses__()}


class Link:
    """One end of the socket pair."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._socket = end
        self._unread = b""
        self._unsent = b""
        self.is_closed = False

    @classmethod
    def pair(cls) -> tuple["Link", "Link"]:
        ours, theirs = socket.socketpair()
        return cls(ours), cls(theirs)

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, said: Word) -> None:
        """Send now, or with a later call when the other end does not read."""
        self._unsent += json.dumps({"word": said.word, **asdict(said)}).encode() + b"\n"
        self.flush()

    @property
    def is_jammed(self) -> bool:
        """Whether the other end does not read: then messages that can wait should not be sent now."""
        return bool(self._unsent)

    def flush(self) -> None:
        try:
            while self._unsent:
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except BlockingIOError:
            return
        except OSError:
            self.is_closed = True

    def receive(self, wait: float = 0.0) -> Iterator[Word]:
        """The messages that have come, after at most `wait` seconds. During a restart the two ends may be different
        releases: a message that this one does not know is logged and skipped."""
        if wait:
            select.select([self._socket], [], [], wait)
        *lines, self._unread = self._read().split(b"\n")
        for line in lines:
            values = json.loads(line)
            try:
                yield WORDS[values.pop("word")](**values)
            except (KeyError, TypeError) as error:
                log.warning("The other end sent a message that this release does not know: %s", type(error).__name__)

    def close(self) -> None:
        self._socket.close()
        self.is_closed = True

    def _read(self) -> bytes:
        data = self._unread
        try:
            while part := self._socket.recv(1 << 16):
                data += part
            self.is_closed = True
        except BlockingIOError:
            pass
        except OSError:
            self.is_closed = True
        return data
