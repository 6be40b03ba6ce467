"""A caller and the agent who talks to her: each function is asked as Retell asks it, signed, through the door."""

import itertools
import time
from datetime import UTC, datetime
from typing import Any

from askpro.dev.sandbox import world
from tests.webhooks.signing import RETELL_KEY, compact, post, retell_signature

NUMBER = "+4915550100123"
_ids = itertools.count(1)


class Conversation:
    """One call at the demo salon. `says` and the results of functions move it on; `again` repeats the last request."""

    def __init__(self, number: str = NUMBER, to: world.Company = world.SALON, **call: Any) -> None:
        self.turns: list[dict[str, Any]] = []
        self.call = {
            "call_id": f"call_conversation_{next(_ids):04}",
            "call_type": "phone_call",
            "agent_id": to.branch.agent_id,
            "call_status": "ongoing",
            "direction": "inbound",
            "from_number": number,
            "to_number": to.branch.number,
            "start_timestamp": int(datetime.now(UTC).timestamp() * 1000),
            **call,
        }
        self.last: tuple[str, dict[str, Any]] = ("", {})

    def says(self, words: str = "Ja, bitte.") -> "Conversation":
        self.turns.append({"role": "agent", "content": "Gern."})
        self.turns.append({"role": "user", "content": words})
        return self

    def asks(self, function: str, **arguments: Any) -> dict[str, Any]:
        """What the function answers; the result is in the transcript from now on."""
        self.last = (function, {"name": function, "call": self.told(), "args": arguments})
        answer = self.again()
        self.turns.append({"role": "tool_call_invocation", "tool_call_id": f"t{len(self.turns)}", "name": function})
        self.turns.append({"role": "tool_call_result", "tool_call_id": f"t{len(self.turns) - 1}", "content": "…"})
        return answer

    def again(self) -> dict[str, Any]:
        """The same request once more, as Retell sends it when an answer is late."""
        name, body = self.last
        answer = ask(name, body)
        assert answer.status_code == 200, (answer.status_code, answer.content)
        told: dict[str, Any] = answer.json()
        return told

    def told(self) -> dict[str, Any]:
        return {**self.call, "transcript_with_tool_calls": [*self.turns]}

    def ended(self, **more: Any) -> dict[str, Any]:
        """The call after its end."""
        end = int(time.time() * 1000)
        call = {"call_status": "ended", "end_timestamp": end, "disconnection_reason": "user_hangup", **more}
        return {**self.told(), **call}


def ask(name: str, body: Any, key: str = RETELL_KEY, public_id: str = "", signature: str | None = None) -> Any:
    """The raw answer to a function's request."""
    raw = body if isinstance(body, bytes) else compact(body)
    place = f"{public_id}/" if public_id else ""
    headers = {"X-Retell-Signature": retell_signature(raw, key) if signature is None else signature}
    return post(f"/webhooks/retell/{place}functions/{name}/", raw, "application/json", **headers)
