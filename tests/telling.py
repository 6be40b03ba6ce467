"""Exceptions of every kind that a job or a page may end with, each quoting the same outside text."""

import json
import smtplib
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests
import urllib3
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from dramatiq.errors import Retry

from askpro.queues.errors import Rejected, Unavailable

# Joined at run time: tracebacks show lines of source, which must not look like a leak.
CANARY = "-".join(["+4915550100777", "Kanarienvogel"])
# Nothing listens there: the connection is refused at once.
NOWHERE = "http://127.0.0.1:1"


def _sql(statement: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def _as_cause(make: Callable[[], None], error: Exception) -> None:
    try:
        make()
    except Exception as cause:
        raise error from cause


def _as_context(make: Callable[[], None], error: Exception) -> None:
    try:
        make()
    except Exception:  # noqa: BLE001 - whatever it is, the next comes while it is handled
        raise error  # noqa: B904 - that is what is tried


def _raise(error: BaseException) -> None:
    raise error


def _with_a_note() -> None:
    error = Unavailable("Cal.com: no connection in time")
    error.add_note(CANARY)
    raise error


def _group() -> None:
    raise ExceptionGroup(CANARY, [KeyError(CANARY), ExceptionGroup("inner", [_noted(ValueError(CANARY))])])


def _noted(error: Exception) -> Exception:
    error.add_note(CANARY)
    return error


def _key() -> None:
    {}[CANARY]  # type: ignore[misc]


RAISED: dict[str, Callable[[], object]] = {
    "requests": lambda: requests.get(f"{NOWHERE}/{CANARY}", params={"phone": CANARY}, timeout=1),
    "urllib3": lambda: urllib3.PoolManager().request("GET", f"{NOWHERE}/{CANARY}", retries=1),
    "a row that is there": lambda: _sql("INSERT INTO auth_group (name) VALUES (%s), (%s)", CANARY, CANARY),
    "a value of the wrong type": lambda: _sql("SELECT %s::integer", CANARY),
    "a text too long": lambda: _sql("INSERT INTO auth_group (name) VALUES (%s)", CANARY * 20),
    "smtp": lambda: _raise(smtplib.SMTPRecipientsRefused({CANARY: (550, CANARY.encode())})),
    "json": lambda: json.loads('{"' + CANARY),
    "unicode": lambda: (CANARY + "\udc80").encode(),
    "bytes": lambda: (CANARY.encode() + b"\xff").decode(),
    "key": _key,
    "value": lambda: int(CANARY),
    "date": lambda: parsedate_to_datetime(CANARY),
    "source": lambda: compile(f"{CANARY} = =", CANARY, "exec"),
    "file": lambda: Path(f"/nowhere/{CANARY}").read_text(),
    "validation": lambda: _raise(ValidationError({CANARY: [CANARY]})),
    "retry": lambda: _raise(Retry(CANARY)),
    "cause of our own": lambda: _as_cause(_key, Unavailable("Cal.com: no connection in time")),
    "context of our own": lambda: _as_context(_key, Rejected("The mail server refuses the log-in (535).")),
    "cause of a cause": lambda: _as_cause(lambda: _as_cause(_key, ValueError(CANARY)), Unavailable("Twilio: reset")),
    "context of a cause": lambda: _as_context(lambda: _as_cause(_key, OSError(CANARY)), RuntimeError(CANARY)),
    "group": _group,
    "note": _with_a_note,
}


def caught(kind: str) -> Exception:
    """The exception, with its trace."""
    try:
        RAISED[kind]()
    except Exception as error:  # noqa: BLE001 - of every kind
        return error
    raise AssertionError(f"{kind} raises nothing")
