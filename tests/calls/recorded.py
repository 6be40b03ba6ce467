import json
from pathlib import Path
from typing import Any

from calls.retell.call import RetellCall, parse_call

FIXTURES = Path(__file__).parents[1] / "fixtures" / "retell"


def recorded(name: str) -> dict[str, Any]:
    """The body of a Retell webhook, of invented people."""
    body: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text())
    return body


def recorded_call(name: str, **changes: object) -> RetellCall:
    return parse_call({**recorded(name)["call"], **changes})
