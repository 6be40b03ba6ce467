"""Log lines as text or JSON. Each names the job that it was written in; none quotes texts from outside."""

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from typing import Any

from askpro.queues.ledger.correlation import correlation
from askpro.queues.ledger.current import current
from askpro.queues.plain import WITHHELD, is_ours, message_of, name_of, trace_of

log = logging.getLogger(__name__)


class LineFormatter(logging.Formatter):
    """A line of text; of a traceback only the class and the places in the code."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        # A copy: other handlers must see the record unchanged.
        plain = logging.makeLogRecord(record.__dict__)
        plain.msg, plain.args, plain.exc_text = text_of(record), (), None
        return super().format(plain)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name is logging's
        return trace_of(ei[1]).rstrip() if ei[1] is not None else ""


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, the correlation id of the request or job that led to
    it, job, attempt and actor inside a worker, and what a line of our own names with `extra={"facts": …}`.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": text_of(record),
        }
        if told := correlation():
            line["correlation"] = told
        if claim := current.claim:
            line |= {"job": claim.id, "attempt": claim.claim_no, "actor": claim.actor_name}
        if is_ours(record.name) and isinstance(facts := getattr(record, "facts", None), dict):
            line |= facts
        if record.exc_info and record.exc_info[0]:
            # The class and the places tell a developer enough; the text may quote a caller.
            line["error"] = record.exc_info[0].__qualname__
            line["trace"] = self._places(record)
        return json.dumps(line, ensure_ascii=False)

    @staticmethod
    def _places(record: logging.LogRecord) -> list[str]:
        trace = record.exc_info[2] if record.exc_info else None
        return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-15:]]


class OnlyErrors(logging.Filter):
    """Of Django's lines about requests, those about an exception: the request log has all others."""

    def filter(self, record: logging.LogRecord) -> bool:
        return bool(record.exc_info and record.exc_info[0])


class Outages(logging.Filter):
    """A line about PostgreSQL, Redis or a vendor being away is a WARNING, wherever it is written: it mends itself."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno > logging.WARNING:
            # Not before the first such line: Sentry's SDK takes a third of a second to load.
            from askpro.sentry.causes import cause_of_line

            if cause_of_line(record).outage:
                record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


def text_of(record: logging.LogRecord) -> str:
    """The whole message of our own loggers; of others only the format string, without its arguments.

    An exception among the arguments is named by its class; its text is shown only when the class is ours.
    """
    if not is_ours(record.name):
        route = getattr(getattr(getattr(record, "request", None), "resolver_match", None), "route", "")
        sentence = record.msg if isinstance(record.msg, str) and record.args else WITHHELD
        return f"{sentence} [{route}]" if route else sentence
    arguments = record.args
    if isinstance(arguments, tuple):
        record = logging.makeLogRecord(record.__dict__)
        record.args = tuple(_told(each) for each in arguments)
    elif isinstance(arguments, BaseException):
        record = logging.makeLogRecord(record.__dict__)
        record.args = (_told(arguments),)
    return record.getMessage()


def tell_what_nobody_caught() -> None:
    """Log an exception that ends a process or a thread; Python would print it with all it quotes. Call after a fork."""
    sys.excepthook = lambda kind, error, trace: log.critical("Ended by %s", error, exc_info=(kind, error, trace))
    threading.excepthook = lambda ended: (
        log.critical("A thread ended by %s", ended.exc_value, exc_info=ended.exc_value) if ended.exc_value else None
    )


def _told(value: object) -> object:
    return f"{name_of(value)}: {message_of(value)}" if isinstance(value, BaseException) else value
