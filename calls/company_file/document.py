"""YAML read as nested values that know their lines; scalars stay the texts that stand in the file."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

import yaml

# A company's file is a few pages. Beyond that it is something else, and aliases could make it endless.
LARGEST: Final = 500_000
DEEPEST: Final = 12
NOTHING: Final = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong with the file, and in which line."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


@dataclass(slots=True)
class Faults:
    """All faults of a file, so that a person mends them in one go."""

    found: list[Fault] = field(default_factory=list)

    def add(self, line: int, text: str) -> None:
        self.found.append(Fault(line, text))

    def __bool__(self) -> bool:
        return bool(self.found)

    def __iter__(self) -> Iterator[Fault]:
        return iter(sorted(set(self.found)))


@dataclass(frozen=True, slots=True)
class Value:
    """A text, a list or a mapping of the file. An empty scalar is None."""

    content: "str | list[Value] | dict[str, Value] | None"
    line: int
    # Where each key of a mapping stands.
    keys: dict[str, int] = field(default_factory=dict)

    @property
    def mapping(self) -> "dict[str, Value]":
        return self.content if isinstance(self.content, dict) else {}

    @property
    def items(self) -> "list[Value]":
        return self.content if isinstance(self.content, list) else []

    @property
    def text(self) -> str:
        return self.content if isinstance(self.content, str) else ""

    def plain(self) -> object:
        """The same without lines."""
        if isinstance(self.content, dict):
            return {key: value.plain() for key, value in self.content.items()}
        return [value.plain() for value in self.content] if isinstance(self.content, list) else self.content


def read(text: str, faults: Faults) -> Value:
    """The file's values; what cannot be read at all is a fault, and the rest is empty."""
    if len(text) > LARGEST:
        faults.add(1, f"It has more than {LARGEST} characters.")
        return Value({}, 1)
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            faults.add(1, "It has aliases (*name): write each value out.")
            return Value({}, 1)
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        faults.add(mark.line + 1 if mark else 1, f"This is no YAML: {error.problem}.")
        return Value({}, 1)
    except (yaml.YAMLError, RecursionError):
        faults.add(1, "This is no YAML: it has characters that no text has, or is nested without end.")
        return Value({}, 1)
    found = _value(node, faults, 0) if node is not None else Value({}, 1)
    if not isinstance(found.content, dict):
        faults.add(found.line, "The file has to be a mapping, beginning with company:")
        return Value({}, found.line)
    return found


def check_keys(value: Value, known: list[str], faults: Faults, what: str) -> None:
    """A key that is unknown is a fault, which names the nearest known one."""
    for key, line in value.keys.items():
        if key not in known:
            near = get_close_matches(key, known, 1)
            meant = f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."
            faults.add(line, f"{what} has no {key!r}. {meant}")


def _value(node: yaml.Node, faults: Faults, depth: int) -> Value:
    line = node.start_mark.line + 1
    if depth > DEEPEST:
        faults.add(line, "It is nested too deeply.")
        return Value(None, line)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, faults, depth)
    if isinstance(node, yaml.SequenceNode):
        return Value([_value(each, faults, depth + 1) for each in node.value], line)
    is_nothing = isinstance(node, yaml.ScalarNode) and node.style is None and node.value in NOTHING
    return Value(None if is_nothing else str(node.value), line)


def _mapping(node: yaml.MappingNode, faults: Faults, depth: int) -> Value:
    content: dict[str, Value] = {}
    keys: dict[str, int] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else ""
        if not key:
            faults.add(line, "A key has to be a word.")
        elif key in keys:
            faults.add(line, f"{key!r} stands here twice; first in line {keys[key]}.")
        else:
            content[key], keys[key] = _value(value_node, faults, depth + 1), line
    return Value(content, node.start_mark.line + 1, keys)
