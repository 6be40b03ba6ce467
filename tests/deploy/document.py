"""docs/deploy.md as a program: its blocks, in their order."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/deploy.md"
# Before a block that a test cannot follow; the remark has the reason.
LEFT_OUT = "<!-- left out by the test:"
_PARTS = re.compile(
    r"^## (?P<section>[^\n]+)$|^(?P<remark><!-- [^\n]+ -->)\n?|^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.M | re.S
)


@dataclass(frozen=True, slots=True)
class Block:
    """`sh`: to be run; `ini`: to be written into the settings by hand."""

    section: str
    language: str
    text: str
    is_left_out: bool


def blocks(text: str) -> list[Block]:
    """All of a document, in order."""
    found, section, remark = [], "", ""
    for part in _PARTS.finditer(text):
        if part["section"]:
            section, remark = part["section"], ""
        elif part["remark"]:
            remark = part["remark"]
        else:
            found.append(Block(section, part["language"], part["text"], remark.startswith(LEFT_OUT)))
            remark = ""
    return found
