"""What the small shop of these tests does, whoever runs its jobs: it notes it, in the file that `SHOP` names."""

import os
from pathlib import Path


class CardDeclined(Exception):
    """An everyday failure, not a bug."""


class CarrierBusy(Exception):
    """The carrier takes the parcel when asked again."""


def note(text: str) -> None:
    with _book().open("a", encoding="utf-8") as book:
        book.write(f"{text}\n")


def noted() -> list[str]:
    """All that was noted, in the order of the alphabet: jobs that run side by side have none of their own."""
    return sorted(_book().read_text("utf-8").splitlines()) if _book().exists() else []


def is_first(text: str) -> bool:
    """Whether this was not noted before; now it is."""
    was_noted = text in noted()
    note(text)
    return not was_noted


def _book() -> Path:
    return Path(os.environ["SHOP"])
