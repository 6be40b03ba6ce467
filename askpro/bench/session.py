"""What every measurement is given."""

from dataclasses import dataclass
from pathlib import Path

from askpro.bench.contenders import Arena
from askpro.bench.progress import Steps

ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Session:
    """One run of the benchmark. `folder` is for logs and sockets."""

    folder: Path
    arena: Arena
    steps: Steps
    quick: bool

    @property
    def rounds(self) -> int:
        return 1 if self.quick else ROUNDS

    def size(self, full: int, quick: int) -> int:
        """How much of something one round takes."""
        return quick if self.quick else full
