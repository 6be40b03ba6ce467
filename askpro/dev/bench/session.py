"""What every measurement receives."""

from dataclasses import dataclass
from pathlib import Path

from askpro.dev.bench.progress import Steps
from askpro.dev.bench.sides.arena import Arena

ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: the number of rounds, and whether each does all of its work, little, or a share of that."""

    rounds: int = ROUNDS
    quick: bool = False
    share: float = 1.0

    def size(self, full: int, quick: int) -> int:
        """The amount of work in one round."""
        return max(20, round((quick if self.quick else full) * self.share))

    def turns(self, full: int) -> int:
        """The number of turns that each side takes; each change of turns costs time."""
        return 2 if self.quick else full


@dataclass(frozen=True, slots=True)
class Session:
    """One run of the benchmark. `folder` is for logs and sockets, `peers` has the peers' packages, if wanted."""

    folder: Path
    arena: Arena
    steps: Steps
    effort: Effort
    peers: Path | None = None
