"""A call while it lasts: the agent asks AskPro's functions, and asks again when no answer comes, as Retell does."""

import json
import random
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

from askpro.dev.sandbox.courier import Delivery
from askpro.dev.sandbox.exchange import compact
from askpro.dev.sandbox.retell.events import ANALYZED, ENDED, STARTED

# The tool's `max_retry`, and the seconds before each further try.
MOST_RETRIES = 2
PAUSES = (0.2, 0.6)
MEANWHILE = "Einen Moment bitte."


class Platform(Protocol):
    """What a line needs of Retell."""

    def keep(self, call: dict[str, Any]) -> None: ...

    def ring(self, from_number: str, to_number: str, agent_id: str) -> dict[str, Any]: ...

    def tell(self, event: str, call: dict[str, Any], copies: int = 1) -> list[Delivery]: ...

    def post_function(self, name: str, call_id: str, body: bytes) -> Delivery: ...


@dataclass(frozen=True, slots=True)
class Asking:
    """One question of the agent. `answer` is what it heard, empty for nothing; `others` were heard by repeats that were
    sent at the same moment. `milliseconds` is the longest that one try took.
    """

    function: str
    arguments: dict[str, Any]
    answer: dict[str, Any]
    others: tuple[dict[str, Any], ...]
    milliseconds: float
    tries: int
    statuses: tuple[int, ...]

    @property
    def status(self) -> str:
        return str(self.answer.get("status", ""))

    @property
    def data(self) -> dict[str, Any]:
        data = self.answer.get("data")
        return data if isinstance(data, dict) else {}

    def listed(self) -> dict[str, Any]:
        names = ("function", "arguments", "answer", "milliseconds", "tries", "statuses", "others")
        return {name: getattr(self, name) for name in names}


@dataclass
class Line:
    """`call` is Retell's call object, which grows while people speak. `version` ends the functions' names."""

    platform: Platform
    call: dict[str, Any]
    chance: random.Random
    version: str = ""
    at_root: bool = False
    askings: list[Asking] = field(default_factory=list)

    def connect(self) -> dict[str, Any]:
        """It rings, and somebody answers; the variables that AskPro set."""
        ends = self.call["from_number"], self.call["to_number"]
        variables = self.platform.ring(*ends, self.call.get("agent_id", ""))
        self.call |= {"call_status": "ongoing", "start_timestamp": _now(), "transcript_with_tool_calls": []}
        if variables:
            self.call["retell_llm_dynamic_variables"] = variables
        self.platform.keep(dict(self.call))
        self.platform.tell(STARTED, self.call)
        return variables

    def hear(self, words: str) -> None:
        """The caller says something."""
        self._turn("user", words)

    def say(self, words: str) -> None:
        """The agent says something."""
        self._turn("agent", words)

    def ask(self, function: str, arguments: dict[str, Any], copies: int = 1) -> Asking:
        """Ask until an answer comes. `copies` are sent at the same moment, as if a repeat overtook a slow request."""
        tool = f"tool_call_{secrets.token_hex(6)}"
        invocation = {"tool_call_id": tool, "name": function, "arguments": json.dumps(arguments, ensure_ascii=False)}
        self._turns.append({"role": "tool_call_invocation", **invocation})
        heard: list[Delivery] = []
        for attempt in range(1 + MOST_RETRIES):
            if attempt:
                time.sleep(self.chance.uniform(*PAUSES))
                self.say(MEANWHILE)
            heard += self._post(function, arguments, copies)
            if any(delivery.accepted for delivery in heard):
                break
        asking = _asking(function, arguments, heard, attempt + 1)
        content = json.dumps(asking.answer, ensure_ascii=False)
        result = {"tool_call_id": tool, "content": content, "successful": bool(asking.answer)}
        self._turns.append({"role": "tool_call_result", **result})
        self.askings.append(asking)
        return asking

    def hang_up(self, collected: dict[str, str], analysis: dict[str, Any]) -> None:
        """The call ends and is analysed."""
        ended, started = _now(), self.call["start_timestamp"]
        self.call |= {
            "call_status": "ended",
            "end_timestamp": ended,
            "duration_ms": ended - started,
            "disconnection_reason": "user_hangup",
            "collected_dynamic_variables": collected,
            "call_analysis": analysis,
        }
        self.platform.keep(dict(self.call))
        for event in (ENDED, ANALYZED):
            self.platform.tell(event, self.call)

    @property
    def _turns(self) -> list[dict[str, Any]]:
        turns: list[dict[str, Any]] = self.call["transcript_with_tool_calls"]
        return turns

    def _turn(self, role: str, words: str) -> None:
        self._turns.append({"role": role, "content": words, "words": []})
        spoken = [turn for turn in self._turns if turn["role"] in ("agent", "user")]
        self.call["transcript_object"] = spoken
        self.call["transcript"] = "".join(f"{turn['role'].capitalize()}: {turn['content']}\n" for turn in spoken)

    def _post(self, function: str, arguments: dict[str, Any], copies: int) -> list[Delivery]:
        around = {"name": function, "call": self.call}
        body = compact(around | arguments if self.at_root else around | {"args": arguments})

        def post(_: int) -> Delivery:
            return self.platform.post_function(function + self.version, self.call["call_id"], body)

        return _at_once(post, copies)


def _at_once(post: Callable[[int], Delivery], copies: int) -> list[Delivery]:
    if copies == 1:
        return [post(0)]
    with ThreadPoolExecutor(copies) as pool:
        return list(pool.map(post, range(copies)))


def _asking(function: str, arguments: dict[str, Any], heard: list[Delivery], tries: int) -> Asking:
    answers = [answer for delivery in heard if delivery.accepted and (answer := _object(delivery.answer))]
    first, *others = answers or [{}]
    longest = max(delivery.milliseconds for delivery in heard)
    statuses = tuple(delivery.status for delivery in heard)
    return Asking(function, arguments, first, tuple(others), longest, tries, statuses)


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _now() -> int:
    return int(time.time() * 1000)
