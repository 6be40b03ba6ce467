"""Samples one thread of this process a hundred times a second, from a thread beside it.

While C code holds the GIL nothing is sampled; the next sample then weighs as much as the time that has passed.
"""

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

from askpro.queues.insight.frames import short

EVERY = 0.01
# What is kept of one run: different frames, frames of one stack, stacks that follow each other.
MOST_FRAMES = 5_000
DEEPEST = 200
MOST_SAMPLES = 30_000

Frame = tuple[str, str, int]


@dataclass(slots=True)
class Samples:
    """Stacks in the order of time, the outermost frame first; `weights` are the seconds that each lasted.

    `frames` are (function, file, line of the call), each once; a stack is their numbers.
    """

    frames: list[Frame] = field(default_factory=list)
    stacks: list[list[int]] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return sum(self.weights)


class Sampler(threading.Thread):
    """Runs until `stop`, or for `seconds`, or until the thread is not `still` at what is to be sampled."""

    def __init__(self, ident: int, seconds: float, still: Callable[[], object] = lambda: True) -> None:
        super().__init__(name="sampler", daemon=True)
        self.samples = Samples()
        self._watched = ident
        self._still = still
        self._seconds = seconds
        self._over = threading.Event()
        self._numbers: dict[Frame, int] = {}

    def run(self) -> None:
        before = time.monotonic()
        until = before + self._seconds
        while not self._over.wait(EVERY) and before < until:
            now = time.monotonic()
            if not self._still():
                return
            self._take(now - before)
            before = now

    def stop(self) -> Samples:
        self._over.set()
        self.join(1.0)
        return self.samples

    def _take(self, weight: float) -> None:
        frame = sys._current_frames().get(self._watched)
        stack = self._numbered(frame)
        samples = self.samples
        if samples.stacks and (samples.stacks[-1] == stack or len(samples.stacks) >= MOST_SAMPLES):
            samples.weights[-1] += weight
            return
        samples.stacks.append(stack)
        samples.weights.append(weight)

    def _numbered(self, frame: FrameType | None) -> list[int]:
        stack: list[int] = []
        while frame is not None and len(stack) < DEEPEST:
            code = frame.f_code
            stack.append(self._number((code.co_qualname, code.co_filename, frame.f_lineno or 0)))
            frame = frame.f_back
        return stack[::-1]

    def _number(self, frame: Frame) -> int:
        number = self._numbers.get(frame)
        if number is None:
            if len(self._numbers) >= MOST_FRAMES:
                frame = ("(others)", "", 0)
                if frame in self._numbers:
                    return self._numbers[frame]
            number = self._numbers[frame] = len(self._numbers)
            self.samples.frames.append((frame[0], short(frame[1]), frame[2]))
        return number
