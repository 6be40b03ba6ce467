"""The protocol of a call that the caller's wishes are read from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the agent used; `successful` is None when no result was reported."""

    name: str
    successful: bool | None


class Told(Protocol):
    """A call as one event reports it, or as its row holds it from all events."""

    @property
    def direction(self) -> str: ...

    @property
    def nobody_talked(self) -> bool: ...

    @property
    def transcript(self) -> str | None: ...

    @property
    def summary(self) -> str | None: ...

    @property
    def session(self) -> Mapping[str, object]: ...

    @property
    def dynamic_variables(self) -> Mapping[str, object]: ...

    @property
    def collected_variables(self) -> Mapping[str, object]: ...

    @property
    def custom_analysis(self) -> Mapping[str, object]: ...

    @property
    def underscored(self) -> Mapping[str, object]: ...

    @property
    def tool_calls(self) -> Sequence[ToolCall]: ...

    @property
    def transferred(self) -> bool: ...

    @property
    def wants_callback(self) -> bool: ...

    @property
    def may_be_quoted(self) -> bool: ...
