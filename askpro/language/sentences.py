"""What is stored as a code and shown as a sentence, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.utils import translation

Facts = Mapping[str, str | int]
LONGEST_FACT = 200


class Sentence(models.TextChoices):
    """Codes whose labels are sentences, marked with `gettext_lazy`; a fact fills each `%(name)s`."""

    @property
    def places(self) -> frozenset[str]:
        """The names of the facts that the sentence needs."""
        asked = _Asked()
        str(self.label) % asked
        return frozenset(asked)

    def tell(self, facts: Facts | None = None, language: str | None = None) -> str:
        """The sentence in `language`, by default in the active one."""
        with translation.override(language or translation.get_language()):
            return str(self.label) % _Known(facts or {})

    def checked(self, facts: Facts | None = None) -> dict[str, str | int]:
        """The facts as they are stored. Raises `ValueError` unless they are those that the sentence needs."""
        given = {name: fact if isinstance(fact, int) else fact[:LONGEST_FACT] for name, fact in (facts or {}).items()}
        if given.keys() != self.places:
            raise ValueError(f"{self.value!r} needs the facts {sorted(self.places)}, not {sorted(given)}.")
        return given


class Kept(Sentence):
    """Sentences stored by releases that had no codes yet."""

    AS_WRITTEN = "as_written", "%(text)s"


def tell(code: str, facts: Facts, language: str, *kinds: type[Sentence]) -> str:
    """The sentence of a stored code of one of these kinds; a code of another release is shown as it is."""
    known: list[type[Sentence]] = [*kinds, Kept]
    found = next((kind(code) for kind in known if code in kind.values), None)
    return found.tell(facts, language) if found is not None else code


class _Asked(dict[str, str]):
    def __missing__(self, name: str) -> str:
        self[name] = ""
        return ""


class _Known(dict[str, Any]):
    # Another release may have stored fewer facts.
    def __missing__(self, name: str) -> str:
        return "–"
