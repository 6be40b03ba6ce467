"""How many jobs are due when."""


class Schedule:
    """How many jobs are due. It is open: what is late is still due, however slowly the jobs are done."""

    def __init__(self) -> None:
        self._rate = 0.0
        self._since = 0.0
        self._owed = 0.0

    def set_rate(self, rate: float, now: float) -> None:
        """From now on; with a rate of 0 nothing is due any more."""
        self._owed = self.due(now) if rate else 0.0
        self._rate, self._since = rate, now

    def add(self, jobs: int) -> None:
        self._owed += jobs

    def due(self, now: float) -> float:
        return self._owed + self._rate * (now - self._since)

    def sent(self, jobs: int) -> None:
        self._owed -= jobs

    def skip(self, now: float) -> None:
        """Nothing is due any more."""
        self._owed, self._since = 0.0, now
