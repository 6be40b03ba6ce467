"""How many rows there are."""

from dataclasses import dataclass
from typing import Final

JOBS: Final = 5_000_000
COMPANIES: Final = 200
# Calls and what follows of them are of so many days, jobs of those that the product keeps.
DAYS_OF_CALLS: Final = 60
DAYS_OF_JOBS: Final = 30


@dataclass(frozen=True, slots=True)
class Scale:
    """Everything grows with the jobs, except what a company has few of."""

    jobs: int = JOBS

    @property
    def events(self) -> int:
        return self.jobs // 5

    @property
    def calls(self) -> int:
        return self.jobs // 10

    @property
    def customers(self) -> int:
        """A multiple of the companies: each has equally many."""
        return max(1, self.jobs // 50 // COMPANIES) * COMPANIES

    @property
    def live_jobs(self) -> int:
        """Unfinished ones: of some hours during which nobody worked."""
        return self.jobs // 50

    @property
    def dead_jobs(self) -> int:
        return self.jobs // 100

    def __str__(self) -> str:
        return f"{self.jobs:,} jobs, {self.events:,} events, {self.calls:,} calls"
