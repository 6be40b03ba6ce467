"""An SQL statement as it may be kept: without the values that somebody may have written into it."""

import re

from askpro.queues.ledger.outcome import clean

# What is read of a statement, and what is kept of it.
LONGEST_READ = 20_000
LONGEST_KEPT = 1_000
# In one pass from the left, so that a quote inside an identifier or a comment opens nothing. What is cut off in the
# middle of a text ends with it.
_PART = re.compile(
    r"""(?P<name>"(?:[^"]|"")*(?:"|\Z))"""
    r"""|(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))"""
    r"""|(?P<text>\b[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z)|'(?:[^']|'')*(?:'|\Z)|\$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z))"""
    r"""|(?P<number>(?<![\w$%.])\d[\w.]*)""",
    re.DOTALL,
)
_LIST = re.compile(r"(%s(?:::\w+(?:\[\])?)?)(?:, ?%s(?:::\w+(?:\[\])?)?){2,}")
_ROWS = re.compile(r"(\((?:%s, …|%s|[^()]{0,200})\))(?:, ?\1)+")


def without_values(statement: str) -> str:
    """The statement on one line: texts and numbers as `?`, without comments, a long list by its first member."""
    bare = _PART.sub(_blanked, clean(statement, LONGEST_READ))
    short = _ROWS.sub(r"\1, …", _LIST.sub(r"\1, …", " ".join(bare.split())))
    return short if len(short) <= LONGEST_KEPT else short[: LONGEST_KEPT - 1] + "…"


def _blanked(part: re.Match[str]) -> str:
    if part["name"]:
        return part["name"]
    return " " if part["comment"] else "?"
