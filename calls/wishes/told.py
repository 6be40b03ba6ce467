"""What the caller's wishes are read from."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from calls.retell.disconnection import Disconnection
from calls.retell.tools import ToolCall


class Told(Protocol):
    """A call as one event tells it, or as its row knows it from all events."""

    @property
    def direction(self) -> str: ...

    @property
    def disconnection(self) -> Disconnection | None: ...

    @property
    def transcript(self) -> str | None: ...

    @property
    def summary(self) -> str | None: ...

    @property
    def in_voicemail(self) -> bool | None: ...

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
