"""What may be kept of an exception: its class, its places in the code, and the text of this project's own classes.

The texts of all other classes quote values: PostgreSQL the row, urllib3 the address with the number in it, a mail
server the recipient, `KeyError` the value that was looked up. All of them can contain callers' data.
"""

import linecache
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from traceback import walk_tb

PROJECT = Path(__file__).resolve().parents[2]
WITHHELD = "(its text is withheld: it may quote somebody)"
UNSHOWN = "(the exception cannot be shown)"
CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"
MOST_FRAMES = 40
# The most exceptions shown of a chain or a group; each may hold more of them.
MOST_EXCEPTIONS = 20


@lru_cache(maxsize=1000)
def is_ours(module: str) -> bool:
    """Whether a module, or the logger with its name, belongs to this project."""
    package = PROJECT / module.partition(".")[0]
    return bool(module) and package.parent == PROJECT and next(package.glob("*.py"), None) is not None


def name_of(error: BaseException) -> str:
    """The class with its module."""
    return f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")


def message_of(error: BaseException) -> str:
    """The text of an exception of this project; for any other, that its text is withheld."""
    if not is_ours(type(error).__module__):
        return WITHHELD
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a job's own exception may fail at anything, even at being shown
        return UNSHOWN


def trace_of(error: BaseException) -> str:
    """The traceback as Python prints it, with its causes and a group's members, without the texts of other projects."""
    return "".join(_lines(error, {}))


def _lines(error: BaseException, seen: dict[int, BaseException]) -> Iterator[str]:
    if id(error) in seen or len(seen) >= MOST_EXCEPTIONS:
        return
    seen[id(error)] = error
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _lines(before, seen)
        yield CAUSE if before is error.__cause__ else CONTEXT
    yield from _own_lines(error)
    for number, inner in enumerate(error.exceptions if isinstance(error, BaseExceptionGroup) else (), start=1):
        yield f"\n{number}. exception of the group {name_of(error)}:\n\n"
        yield from _lines(inner, seen)


def _own_lines(error: BaseException) -> Iterator[str]:
    frames = list(walk_tb(error.__traceback__))[-MOST_FRAMES:]
    if frames:
        yield "Traceback (most recent call last):\n"
    for frame, line in frames:
        code = frame.f_code
        yield f'  File "{code.co_filename}", line {line}, in {code.co_name}\n'
        if source := linecache.getline(code.co_filename, line, frame.f_globals).strip():
            yield f"    {source}\n"
    yield f"{name_of(error)}: {message_of(error)}\n"
