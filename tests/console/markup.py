"""What a page is made of, as far as browsers, keyboards and screen readers care; read without a browser."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

# Inputs that need no name: people do not see them, or they say it themselves.
NAMELESS = {"hidden", "submit", "button", "reset"}


@dataclass
class Markup:
    """Elements that a page must not have are listed as text, others counted."""

    refused: list[str] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)
    unscoped: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def read(page: str) -> Markup:
    reader = _Reader()
    reader.feed(page)
    named = reader.labelled | {"searchbar"}
    found = reader.found
    found.unnamed = [text for text, key in reader.inputs if key not in named]
    return found


def sent(page: str) -> dict[str, list[str]]:
    """What a browser would send of the page's form of a row, by name, if nobody typed anything."""
    reader = _Form()
    reader.feed(page)
    return reader.values


class _Form(HTMLParser):
    """Reads the form whose id Django makes of the model's name: `service_form`."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self._is_in = False
        self._name = self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_in = own.get("id", "").endswith("_form")
        if not self._is_in or "disabled" in own:
            return
        name, kind = own.get("name", ""), own.get("type", "text")
        if tag in ("select", "textarea"):
            self._name, self._text = name, ""
        elif tag == "option" and "selected" in own:
            self._keep(self._name, own.get("value", ""))
        elif tag == "input" and name and kind not in ("submit", "button", "file"):
            self._press(name, kind, own)

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._is_in:
            # The first line break after the tag is not part of the text.
            self._keep(self._name, self._text.removeprefix("\n"))
        self._is_in = self._is_in and tag != "form"

    def _press(self, name: str, kind: str, own: dict[str, str]) -> None:
        if kind not in ("checkbox", "radio") or "checked" in own:
            self._keep(name, own.get("value", "on"))

    def _keep(self, name: str, value: str) -> None:
        self.values.setdefault(name, []).append(value)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found = Markup()
        self.labelled: set[str] = set()
        self.inputs: list[tuple[str, str]] = []
        self._inside_label = 0
        self._in_script = False
        self._in_head = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = {name: value or "" for name, value in attrs}
        text = self.get_starttag_text() or tag
        self.found.counts[tag] = self.found.counts.get(tag, 0) + 1
        if tag == "style" or "style" in own or any(name.startswith("on") for name in own):
            self.found.refused.append(text)
        self._in_head = tag == "thead" or (self._in_head and tag != "tbody")
        if tag == "th" and self._in_head and "scope" not in own:
            self.found.unscoped.append(text)
        self._in_script = tag == "script" and "src" not in own and own.get("type", "") != "application/json"
        self._names(tag, own, text)

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False
        self._in_head = self._in_head and tag != "thead"
        if tag == "label":
            self._inside_label -= 1

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.found.refused.append(f"<script>{data.strip()[:60]}")

    def _names(self, tag: str, own: dict[str, str], text: str) -> None:
        if tag == "label":
            self._inside_label += 1
            self.labelled.add(own.get("for", ""))
        elif (
            tag in ("input", "select", "textarea") and own.get("type") not in NAMELESS and own.get("class") != "hidden"
        ):
            is_named = self._inside_label or any(own.get(name) for name in ("aria-label", "aria-labelledby", "title"))
            if not is_named:
                self.inputs.append((text, own.get("id", "-")))
