"""Finds every regular expression in the product's source, and builds texts that are slow to match."""

import ast
import importlib
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
# Tools of developers: no stranger's text gets there.
TOOLS = ("askpro/dev/",)
METHODS = ("match", "fullmatch", "search", "findall", "finditer", "split", "sub", "subn")
# Of Django: a validator searches, a route is matched.
DJANGO = {"RegexValidator": "search", "re_path": "search"}
# Only a text in which one of these stands can make an expression.
MAKES = re.compile(rf"\bre\s*\.|\b(?:{'|'.join(DJANGO)})\b")
USES = re.compile(rf"(?<![\w.])(\w+)\s*\.\s*({'|'.join(METHODS)})\b")
SAMPLES = {"digit": "7", "space": " ", "word": "a"}
ALWAYS = 'a7 ."\\\n'


@dataclass(frozen=True)
class Expression:
    """One regular expression, and how it is used (`match`, `search`, …)."""

    place: str
    pattern: re.Pattern[Any]
    methods: tuple[str, ...]

    @cached_property
    def tree(self) -> Any:
        return parser.parse(self.pattern.pattern, self.pattern.flags)

    @cached_property
    def alphabet(self) -> str:
        return "".join(dict.fromkeys([*_characters(self.tree), *ALWAYS]))

    @cached_property
    def openings(self) -> list[str]:
        """Beginnings of texts that it matches, one for each place in it."""
        return list(dict.fromkeys(["", *_openings(self.tree)]))

    def attacks(self, most: int | None, chance: Random) -> Iterator[tuple[str, str]]:
        """Beginnings, and what is repeated after them: each character and each pair; `most` of them, at random."""
        units = [*self.alphabet, *(one + two for one in self.alphabet for two in self.alphabet if one != two)]
        every = range(len(self.openings) * len(units))
        for index in every if most is None or most >= len(every) else chance.sample(every, most):
            opening, unit = divmod(index, len(units))
            yield self.openings[opening], units[unit]

    def seconds(self, opening: str, unit: str, length: int) -> float:
        """Processor time of reading a text of `length` characters that repeats something and then fails to match."""
        text: Any = opening + unit * (length // len(unit)) + "\x02"
        if isinstance(self.pattern.pattern, bytes):
            text = text.encode("utf-8", "replace")
        start = time.thread_time()
        for method in self.methods:
            if method == "finditer":
                list(self.pattern.finditer(text))
            elif method in ("sub", "subn"):
                self.pattern.sub(text[:0], text)
            else:
                getattr(self.pattern, method)(text)
        return time.thread_time() - start


def expressions() -> tuple[list[Expression], list[str]]:
    """All expressions in the product's source, and the places of those that are built at run time."""
    texts = {path: (PROJECT / path).read_text() for path in _sources()}
    # To read all of them as trees takes seconds, in each process of the suite.
    nodes = {path: list(ast.walk(ast.parse(text))) for path, text in texts.items() if MAKES.search(text)}
    uses = _uses(texts.values())
    found: dict[tuple[str, str], Expression] = {}
    unknown = []
    for path in nodes:
        names = _names(nodes[path])
        namespace = vars(importlib.import_module(path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")))
        for call in [node for node in nodes[path] if isinstance(node, ast.Call) and _function(node)]:
            place = f"{path}:{call.lineno}"
            try:
                pattern = _pattern(call, namespace)
            except NameError:
                unknown.append(place)
                continue
            function = _function(call)
            methods = sorted(uses.get(names.get(call, ""), ())) if function == "compile" else [function]
            found[place, str(pattern.pattern)] = Expression(place, pattern, tuple(methods or ("fullmatch", "search")))
    return list(found.values()), unknown


def _sources() -> list[str]:
    apps = ("askpro", "webhooks", "calls", "appointments", "notifications")
    paths = (str(path.relative_to(PROJECT)) for app in apps for path in sorted((PROJECT / app).rglob("*.py")))
    return [path for path in paths if not path.startswith(TOOLS) and "/migrations/" not in path]


def _function(call: ast.Call) -> str:
    """`compile` or how it is used, when this call makes a regular expression; else empty."""
    function = call.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "re":
        return function.attr if function.attr in (*METHODS, "compile") else ""
    return DJANGO.get(function.id, "") if isinstance(function, ast.Name) else ""


def _pattern(call: ast.Call, namespace: dict[str, Any]) -> re.Pattern[Any]:
    def value(node: ast.expr) -> Any:
        return eval(compile(ast.Expression(node), "<pattern>", "eval"), namespace)

    flags = [word.value for word in call.keywords if word.arg == "flags"] + call.args[1:2] * (
        _function(call) == "compile"
    )
    pattern = value(call.args[0])
    return pattern if isinstance(pattern, re.Pattern) else re.compile(pattern, value(flags[0]) if flags else 0)


def _names(nodes: list[ast.AST]) -> dict[ast.AST, str]:
    """The name that each call's result is assigned to."""
    kept: dict[ast.AST, str] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            kept[node.value] = node.targets[0].id
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            kept[node.value] = node.target.id
    return kept


def _uses(texts: Iterable[str]) -> dict[str, set[str]]:
    """Which methods are called on each name, anywhere in the product."""
    uses: dict[str, set[str]] = {}
    for name, method in (use for text in texts for use in USES.findall(text)):
        uses.setdefault(name, set()).add(method)
    return uses


def _characters(items: Any) -> Iterator[str]:
    """One character of each kind that occurs in it."""
    for code, value in items:
        if code in (op.LITERAL, op.NOT_LITERAL):
            yield chr(value)
        elif code is op.IN:
            yield from _of_class(value)
        else:
            for inner in _inner(code, value):
                yield from _characters(inner)


def _of_class(items: Any) -> Iterator[str]:
    for code, value in items:
        if code is op.LITERAL:
            yield chr(value)
        elif code is op.RANGE:
            yield chr(value[1] if value[1] < 0xD800 else value[0])
        elif code is op.CATEGORY:
            yield next((sample for name, sample in SAMPLES.items() if name in str(value).lower()), "a")


def _inner(code: Any, value: Any) -> list[Any]:
    """The expressions within one."""
    if code is op.BRANCH:
        return list(value[1])
    if code in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        return [value[2]]
    if code is op.SUBPATTERN:
        return [value[-1]]
    if code is op.ATOMIC_GROUP:
        return [value]
    if code in (op.ASSERT, op.ASSERT_NOT):
        return [value[1]]
    return []


def _openings(items: Any) -> list[str]:
    """What may stand before each place in it."""
    done, found = "", []
    for code, value in items:
        for inner in _inner(code, value) if code not in (op.ASSERT, op.ASSERT_NOT) else ():
            found += [done + opening for opening in _openings(inner)]
        done += _sample(code, value)
        found.append(done)
    return found


def _sample(code: Any, value: Any) -> str:
    """A short text that it matches, if one is easy to find."""
    if code is op.LITERAL:
        return chr(value)
    if code in (op.ANY, op.NOT_LITERAL):
        return "x"
    if code is op.IN:
        negated = value[0][0] is op.NEGATE
        return next((c for c in "xX7 -" if c not in set(_of_class(value))), "x") if negated else next(_of_class(value))
    inner = _inner(code, value)
    if not inner or code in (op.ASSERT, op.ASSERT_NOT):
        return ""
    once = "".join(_sample(*item) for item in inner[0])
    repeated = code in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
    return once * (max(value[0], 1) if repeated else 1)
