"""docs/agents.md names what the code reads and sets."""

import re
from pathlib import Path

from calls.wishes import field_names

DOC = (Path(__file__).parents[3] / "docs" / "agents.md").read_text()


def named(heading: str) -> set[str]:
    """The names in the tables of a chapter."""
    chapter = DOC.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in chapter.splitlines() if line.startswith("|")]
    return set(re.findall(r"`([a-z_0-9]+)`", "\n".join(rows)))


def test_it_names_every_field_that_is_read() -> None:
    read = {name for names in field_names.FIELDS.values() for name in names}
    read |= {*field_names.REQUESTED, *field_names.CALLBACK, *field_names.LISTS}
    assert named("Fields that are read") == read


def test_it_names_every_variable_of_the_session() -> None:
    days = {f"naechster_{day}" for day in ("dienstag", "mittwoch", "donnerstag", "freitag", "samstag")}
    assert named("Variables of the session") | days == set(field_names.Session)
