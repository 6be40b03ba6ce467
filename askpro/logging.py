"""Log lines as JSON, each with the job it was written in."""

import json
import logging
import traceback
from datetime import UTC, datetime

from askpro.queues.running import current


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, and job, attempt and actor inside a worker."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if claim := current.claim:
            line |= {"job": claim.id, "attempt": claim.claim_no, "actor": claim.actor_name}
        if record.exc_info and record.exc_info[0]:
            # The class and the places tell a developer enough; the text may quote a caller.
            line["error"] = record.exc_info[0].__qualname__
            line["trace"] = self._places(record)
        return json.dumps(line, ensure_ascii=False)

    @staticmethod
    def _places(record: logging.LogRecord) -> list[str]:
        trace = record.exc_info[2] if record.exc_info else None
        return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-15:]]
