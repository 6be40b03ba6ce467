"""The progress bar during a run: on standard error, so that --json stays clean."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Steps:
    """Counts the steps of all measurements together."""

    def __init__(self, total: int) -> None:
        columns = (TextColumn("{task.description:<44}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"))
        self._console = Console(stderr=True, highlight=False)
        self._progress = Progress(*columns, TimeElapsedColumn(), console=self._console)
        self._task: TaskID = self._progress.add_task("Starting", total=total)

    def __enter__(self) -> "Steps":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        """Show what happens next."""
        self._progress.update(self._task, description=text)
        if not self._console.is_terminal:
            self._console.print(text)

    def done(self, count: int = 1) -> None:
        self._progress.advance(self._task, count)
