"""A page as a tree: its elements are found by tag, class or attribute, and read as a person would."""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

VOID: Final = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})


class Element:
    def __init__(self, tag: str, values: dict[str, str], parent: "Element | None" = None) -> None:
        self.tag, self.values, self.parent = tag, values, parent
        self.inside: list[Element | str] = []

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    @property
    def classes(self) -> set[str]:
        return {*self.values.get("class", "").split()}

    @property
    def text(self) -> str:
        """All of its words, one blank between them."""
        parts = (each if isinstance(each, str) else each.text for each in self.inside if not _is_code(each))
        return " ".join(" ".join(parts).split())

    def all(self, name: str = "", /, **values: str) -> "list[Element]":
        """The elements inside with this tag (`a`) or class (`.ac-card`), or with these attributes, in order."""
        return [each for each in self._walk() if each.fits(name, values)]

    def one(self, name: str = "", /, **values: str) -> "Element":
        [found] = self.all(name, **values)
        return found

    def around(self, name: str) -> "Element":
        """The nearest element with this tag or class that this one is in."""
        outer = self.parent
        while outer is not None and not outer.fits(name, {}):
            outer = outer.parent
        assert outer is not None, f"it is in no {name}"
        return outer

    def fits(self, name: str, values: dict[str, str]) -> bool:
        fits_name = name[1:] in self.classes if name.startswith(".") else name in ("", self.tag)
        return fits_name and all(self.values.get(key.replace("_", "-")) == value for key, value in values.items())

    def _walk(self) -> "Iterator[Element]":
        for each in self.inside:
            if isinstance(each, Element):
                yield each
                yield from each._walk()


class Document(HTMLParser):
    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.root = self._open = Element("", {})
        self.feed(html.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self._open)
        self._open.inside.append(element)
        if tag not in VOID:
            self._open = element

    def handle_endtag(self, tag: str) -> None:
        element: Element | None = self._open
        while element is not None and element.tag != tag:
            element = element.parent
        if element is not None and element.parent is not None:
            self._open = element.parent

    def handle_data(self, data: str) -> None:
        self._open.inside.append(data)


def document(html: bytes) -> Element:
    return Document(html).root


def _is_code(part: Element | str) -> bool:
    return isinstance(part, Element) and part.tag in ("script", "style")
