"""The tools that the agent used, and what became of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_LONGEST_RESULT: Final = 20_000
_ANSWERS_NO: Final = re.compile(
    r'"(?:success|successful|ok|booked|confirmed|created)"\s?:\s?(?:false|null|"false"|0)|"error"', re.I
)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the agent used; `successful` is None when no result was reported."""

    name: str
    successful: bool | None


def succeeded(result: Mapping[str, object]) -> bool | None:
    """What Retell reports; None also where the function answered in time that it did not succeed."""
    successful, content = result.get("successful"), result.get("content")
    if successful is True and isinstance(content, str) and _ANSWERS_NO.search(content[:_LONGEST_RESULT]):
        return None
    return successful if isinstance(successful, bool) else None
