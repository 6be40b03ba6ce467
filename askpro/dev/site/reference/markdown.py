"""What the pages have in common: how a table is written."""

from collections.abc import Iterable, Sequence
from typing import Final

# Read by whoever opens the file to change it.
WRITTEN: Final = "<!-- Written by `python3 manage.py docs --write` from the code: change that. -->\n\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a line for each row; a cell's own lines and bars do not break it."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(_cell(cell) for cell in line) + " |\n" for line in lines)


def code(text: str) -> str:
    """The text as code; nothing for nothing."""
    return f"`{text}`" if text else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
