"""Words are read as docs/agents.md says."""

import re
from datetime import datetime
from pathlib import Path

from tests.calls.german.asked import BERLIN, understood

DOC = Path(__file__).parents[3] / "docs" / "agents.md"
SAID_AT = datetime(2026, 11, 24, 9, 12, tzinfo=BERLIN)


def test_every_example_is_read_as_the_document_says() -> None:
    section = DOC.read_text().partition("## How a day")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.+`) \| (\S+ [0-9:]+|asked)", section, re.MULTILINE)
    examples = [(words, told) for said, told in rows for words in re.findall("`([^`]+)`", said)]
    heard = [(words, understood(words, said_at=SAID_AT)) for words, _ in examples]
    assert len(examples) > 20
    assert [(words, read if read[0] == "2" else "asked") for words, read in heard] == [
        (words, told.removesuffix(":")) for words, told in examples
    ]
