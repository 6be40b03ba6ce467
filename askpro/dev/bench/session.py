"""What every measurement is given."""

from dataclasses import dataclass
from pathlib import Path

from askpro.dev.bench.progress import Steps
from askpro.dev.bench.sides.arena import Arena

ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: rounds, and of the work of each all, a little, or a share of that."""

    rounds: int = ROUNDS
    quick: bool = False
    share: float = 1.0

    def size(self, full: int, quick: int) -> int:
        """How much of something one round takes."""
        return max(20, round((quick if self.quick else full) * self.share))

    def turns(self, full: int) -> int:
        """In how many turns the sides take theirs: a change of turns has its own price."""
        return 2 if self.quick else full


@dataclass(frozen=True, slots=True)
class Session:
    """One run of the benchmark. `folder` is for logs and sockets, `peers` has the peers' packages when asked for."""

    folder: Path
    arena: Arena
    steps: Steps
    effort: Effort
    peers: Path | None = None
