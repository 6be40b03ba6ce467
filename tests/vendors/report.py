"""Writes docs/faults.md from what the matrix played, and reads it to compare it with the matrix."""

import re
from pathlib import Path

from django.conf import settings

from tests.vendors.matrix import ALWAYS, ONCE
from tests.vendors.requests import Asked

FILE = Path(settings.BASE_DIR) / "docs" / "faults.md"
HEAD = """# What becomes of faults

Each request that AskPro makes, with each fault that the other side can have: in one try (once), or in every try of
the first ten minutes, after which the other side works again (always). The tables show the state half an hour later.
In no case do two live bookings of one wish stay unnoticed, is an SMS sent twice, or does anything wait for more than
two minutes without a follow-up, a reason in its row, or a job that says so. Every exchange ends within its time limit
(`VENDOR_TIMEOUT`, `EMAIL_TIMEOUT`).

Written by `python3 manage.py test tests/vendors --long`; do not edit.
"""


def section(asked: Asked, became: dict[str, str]) -> str:
    rows = [
        f"| {fault.name} | "
        + " | ".join(became[f"{asked.name} | {fault.name} | {how}"] for how in (ONCE, ALWAYS))
        + " |"
        for fault in asked.faults
    ]
    return "\n".join([f"## {asked.name}", "", f"| fault | {ONCE} | {ALWAYS} |", "|---|---|---|", *rows, ""])


def write(asked: Asked, true: str) -> None:
    """Replace the section by the new one, or add it at the end."""
    whole = FILE.read_text() if FILE.exists() else HEAD
    parts = re.split(r"(?m)^(?=## )", whole)
    kept = [part for part in parts[1:] if not part.startswith(f"## {asked.name}\n")]
    sections = [part.rstrip() + "\n" for part in [*kept, true]]
    FILE.write_text("\n".join([HEAD, *sorted(sections)]))


def outcomes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in re.split(r"(?m)^## ", text)[1:]:
        name, _, table = part.partition("\n")
        for row in re.findall(r"(?m)^\| (.*) \|$", table)[1:]:
            fault, once, always = row.split(" | ")
            found |= {f"{name} | {fault} | {ONCE}": once, f"{name} | {fault} | {ALWAYS}": always}
    return found
