"""Whether a tool that the agent used succeeded."""

import re
from collections.abc import Mapping
from typing import Final

_LONGEST_RESULT: Final = 20_000
_ANSWERS_NO: Final = re.compile(
    r'"(?:success|successful|ok|booked|confirmed|created)"\s?:\s?(?:false|null|"false"|0)|"error"', re.I
)


def succeeded(result: Mapping[str, object]) -> bool | None:
    """Retell's report; None also if the function answered in time, but that it did not succeed."""
    successful, content = result.get("successful"), result.get("content")
    if successful is True and isinstance(content, str) and _ANSWERS_NO.search(content[:_LONGEST_RESULT]):
        return None
    return successful if isinstance(successful, bool) else None
