"""What a worker process does with its figures before it ends."""

from typing import Any

from dramatiq import Middleware

from askpro.metrics import recorder


class LastFigures(Middleware):
    """Writes the figures of the last seconds: a worker leaves without the interpreter's own end."""

    def after_worker_shutdown(self, broker: Any, worker: Any) -> None:
        recorder.flush_at_the_end()
