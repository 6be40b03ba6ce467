"""A customer with a link: reads pages as a browser without scripts does, follows links and sends forms."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from appointments.models import Appointment
from notifications.links import link_for


class Form:
    def __init__(self, action: str) -> None:
        self.action, self.fields, self.button = action, dict[str, str](), ""


class Document(HTMLParser):
    """The parts of a page that tests look at."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.language = ""
        self.headline = ""
        self.news = ""
        self.links: dict[str, str] = {}
        self.forms: dict[str, Form] = {}
        self.loads: list[str] = []
        self._text: list[str] = []
        self._link = ""
        self._form: Form | None = None
        self._inside: list[str] = []
        self.feed(html)
        self.text = " ".join(" ".join(self._text).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = values["lang"]
        if tag in ("link", "script", "img", "iframe"):
            self.loads.append(values.get("href") or values.get("src") or "")
        if tag == "a":
            self._link = values["href"]
        if tag == "form":
            assert values["method"] == "post"
            self._form = Form(values["action"])
        if tag == "input" and self._form is not None:
            self._form.fields[values["name"]] = values["value"]
        if tag in ("h1", "button") or values.get("class") == "news":
            self._inside.append("news" if values.get("class") == "news" else tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form is not None:
            self.forms[self._form.button] = self._form
            self._form = None
        if tag == "a":
            self._link = ""
        if tag in ("h1", "button", "p") and self._inside:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        said = data.strip()
        if not said:
            return
        self._text.append(said)
        if self._link:
            self.links[said] = self._link
        where = self._inside[-1] if self._inside else ""
        if where == "h1":
            self.headline = said
        if where == "news":
            self.news = said
        if where == "button" and self._form is not None:
            self._form.button = said


class Visitor:
    """Whoever has the link of this appointment, or another link. `answer` is the last one, after redirects."""

    def __init__(self, about: Appointment | str) -> None:
        # As a browser would be refused that sends no token of Django's.
        self._client = Client(enforce_csrf_checks=True)
        self.home = urlsplit(about if isinstance(about, str) else link_for(about)).path
        self.answer: Any = None

    def open(self, path: str = "", **headers: str) -> Document:
        """A page by its path; the appointment's own by default."""
        return self._read(self._client.get(path or self.home, follow=True, headers=headers))

    def send(self, path: str, **fields: str) -> Document:
        return self._read(self._client.post(path, fields, follow=True))

    def press(self, document: Document, label: str) -> Document:
        """Follow the link, or send the form, with this label."""
        if label in document.links:
            return self.open(document.links[label])
        form = document.forms[label]
        return self.send(form.action, **form.fields)

    def ask(self, method: str, path: str = "", **values: Any) -> Any:
        """One request, whose answer is not followed."""
        return self._client.generic(method, path or self.home, **values)

    def _read(self, answer: Any) -> Document:
        self.answer = answer
        return Document(answer.content.decode())
