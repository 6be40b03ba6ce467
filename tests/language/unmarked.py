"""Finds what people read and gettext does not know: in Python by its syntax, in templates by their text."""

import ast
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from django.template.base import Lexer, TokenType

from askpro.language.extraction import KEYWORDS

# Arguments and attributes whose value a person reads, even when it is one small word.
READ: Final = {
    *("title", "label", "verbose_name", "verbose_name_plural", "help_text", "description", "short_description"),
    *("empty", "empty_title", "empty_text", "empty_value_display", "search_help_text", "explain", "done", "note"),
    *(
        "when",
        "pick",
        "sentence",
        "lead",
        "warning",
        "hint",
        "unit",
        "heads",
        "site_title",
        "index_title",
        "site_header",
    ),
    *("empty_label", "message", "noun", "site_header", "SITE_SUBHEADER"),
}
# Calls, and the places of their arguments that a person reads.
TELLING: Final = {
    **dict.fromkeys(("Nonsense", "Table", "Fact", "entry", "page", "capfirst"), (0,)),
    "Page": (2,),
    "period": (1,),
    "pill": (1, 2),
}
# What these say, programs or developers read.
SILENT: Final = {
    *("debug", "info", "warning", "error", "exception", "critical", "log", "getLogger", "execute", "compile"),
    *("ValueError", "TypeError", "KeyError", "RuntimeError", "LookupError", "AssertionError", "NotImplementedError"),
    *(
        "CommandError",
        "ImproperlyConfigured",
        "Gone",
        "Rejected",
        "RunSQL",
        "Warning",
        "Error",
        "write",
        "add_argument",
    ),
}
ATTRIBUTES: Final = {"aria-label", "aria-description", "title", "placeholder", "alt", "data-empty", "data-label"}
UNREAD: Final = {"script", "style", "code", "pre", "kbd", "svg"}
# Names, and abbreviations that both languages share.
SHARED: Final = re.compile(
    r"\b(?:AskPro|Retell|Twilio|Cal\.com|Sentry|Redis|PostgreSQL|SMS|CSV|JSON|UTC|API|ID|IP|URL|SQL|OK|KB|MB|GB|ms|min"
    r"|GSM-7|UCS-2|Ctrl|nbsp|CPU)\b"
)
_LETTERS: Final = re.compile(r"[^\W\d_]{2}")
_TAG: Final = re.compile(r"<[^<>]*>")
_PLACE: Final = re.compile(r"%\(\w+\)[sd]|\{[^{}]*\}|%[sdr]|&\w+;")
_SENTENCE: Final = re.compile(r"[^\W\d_]{2,}[,.:;!?…]? +(?:[^\W\d_]{2,}|\S)|^[A-ZÄÖÜ][a-zäöüß]+[.…]?$")
_STYLE: Final = re.compile(r"^[\s\w:/.!\[\]%#()-]*$")
_FALLBACK: Final = re.compile(r"""\|(?:default|default_if_none|yesno|pluralize):(["'][^"']*["'])""")
_HEADER: Final = re.compile(r"^(?:\w+/[\w.+-]+;|attachment;)")
_SQL: Final = re.compile(r"\b(?:SELECT|FROM|WHERE|UPDATE|INSERT|DELETE|ORDER BY|JOIN|SET|LIKE|NULL|IS|AND|COUNT)\b")


@dataclass(frozen=True, slots=True)
class Finding:
    line: int
    text: str


def in_python(path: Path) -> list[Finding]:
    tree = ast.parse(path.read_text("utf-8"))
    found = _Finder().find(tree)
    return [Finding(line, text) for line, text in sorted(found)]


class _Finder:
    """Walks a module with what is above each string in mind."""

    def __init__(self) -> None:
        self.found: set[tuple[int, str]] = set()

    def find(self, tree: ast.Module) -> set[tuple[int, str]]:
        self._walk(tree, is_read=False)
        return self.found

    def _walk(self, node: ast.AST, is_read: bool) -> None:
        match node:
            case ast.Call():
                self._call(node, is_read)
            case ast.Assert():
                return
            case ast.Raise() if _is_silent(node):
                return
            case ast.Expr(value=ast.Constant()):
                return
            case ast.Assign(targets=[ast.Name(id="__all__")]):
                return
            case ast.FunctionDef(name="__str__" | "__repr__"):
                # A row's name for developers: pages say what they call it (`named`).
                return
            case ast.Assign() | ast.AnnAssign() if node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                self._walk(node.value, any(_name(target) in READ for target in targets))
            case ast.Dict():
                for key, value in zip(node.keys, node.values, strict=True):
                    name = key.value if isinstance(key, ast.Constant) else ""
                    self._walk(value, name in READ)
                    if key is not None and not isinstance(key, ast.Constant):
                        self._walk(key, False)
            case ast.JoinedStr():
                parts = [str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values]
                self._string(node, "".join(parts), is_read)
                for part in node.values:
                    if isinstance(part, ast.FormattedValue):
                        self._walk(part.value, False)
            case ast.Constant(value=str(text)):
                self._string(node, text, is_read)
            case ast.AnnAssign(value=None):
                return
            case ast.Compare() | ast.Subscript():
                for child in ast.iter_child_nodes(node):
                    self._walk(child, False)
            case ast.FunctionDef():
                # Without the annotations, which may name a class by a string.
                for child in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults, *node.body):
                    if child is not None:
                        self._walk(child, False)
            case ast.ClassDef():
                self._children(node, False)
            case _:
                self._children(node, is_read)

    def _children(self, node: ast.AST, is_read: bool) -> None:
        for child in ast.iter_child_nodes(node):
            self._walk(child, is_read)

    def _call(self, node: ast.Call, is_read: bool) -> None:
        name = _name(node.func)
        if name in KEYWORDS or _is_log(node):
            return
        # A method of what is read, such as `"…".join(…)`, is read, too.
        self._walk(node.func, is_read)
        for place, argument in enumerate(node.args):
            self._walk(argument, place in TELLING.get(name, ()))
        for keyword in node.keywords:
            self._walk(keyword.value, keyword.arg in READ)

    def _string(self, node: ast.expr, text: str, is_read: bool) -> None:
        if is_told(text) if is_read else _is_sentence(text):
            self.found.add((node.lineno, text))


def is_told(text: str) -> bool:
    """Whether there is a word in it that only one language has."""
    return bool(_LETTERS.search(SHARED.sub("", _PLACE.sub("", _TAG.sub("", text)))))


def _is_sentence(text: str) -> bool:
    bare = SHARED.sub("", _PLACE.sub("", _TAG.sub(" ", text))).strip()
    if not _SENTENCE.search(bare) or _SQL.search(bare) or _HEADER.search(bare):
        return False
    # Classes of the style sheet, formats, paths.
    return not (_STYLE.match(bare) and bare == bare.lower() and re.search(r"[-/_\[]|:\w", bare))


def _is_silent(node: ast.Raise) -> bool:
    return isinstance(node.exc, ast.Call) and _name(node.exc.func) in SILENT


def _is_log(node: ast.Call) -> bool:
    func = node.func
    if isinstance(func, ast.Attribute):
        owner = _name(func.value)
        return func.attr in SILENT and owner not in ("messages",)
    return isinstance(func, ast.Name) and func.id in SILENT


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def in_template(path: Path) -> list[Finding]:
    reader = _Reader()
    reader.feed(_bare(path.read_text("utf-8")))
    reader.close()
    return reader.found


class _Reader(HTMLParser):
    """Text and attributes that a person reads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Finding] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        for name, value in held.items():
            if name in ATTRIBUTES:
                self._note(value or "")
        if tag == "input" and held.get("type") in ("submit", "button"):
            self._note(held.get("value") or "")
        is_icon = "material-symbols" in (held.get("class") or "")
        if tag not in ("input", "img", "br", "link", "meta", "hr", "path", "rect", "col"):
            self._inside.append("svg" if is_icon else tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not UNREAD.intersection(self._inside):
            self._note(data)

    def _note(self, text: str) -> None:
        if is_told(text):
            self.found.append(Finding(self.getpos()[0], " ".join(text.split())))


def _bare(source: str) -> str:
    """A template without its tags and marked sentences, on the same lines."""
    parts: list[str] = []
    closing = ""
    for token in Lexer(source).tokenize():
        lines = "\n" * token.contents.count("\n")
        if closing:
            if token.token_type == TokenType.BLOCK and token.contents.split()[0] == closing:
                closing = ""
            parts.append(lines)
        elif token.token_type == TokenType.TEXT:
            parts.append(token.contents)
        else:
            # A word that a filter puts in place of an empty value.
            parts.append(" ".join([*_FALLBACK.findall(token.contents), lines]))
            name = token.contents.split()[0] if token.contents.split() else ""
            if token.token_type == TokenType.BLOCK and name in ("blocktranslate", "blocktrans", "comment"):
                closing = f"end{name}"
    return "".join(parts)


def in_file(path: Path) -> list[Finding]:
    return in_python(path) if path.suffix == ".py" else in_template(path)
