"""Texts that programs wrote into rows in English, told in the reader's language.

A row's text is read by logs, the terminal and other releases, too, so that it stays English. One that has the form of a
known sentence is told with the same facts; any other, such as a vendor's words, stays as it is.
"""

import re
from collections.abc import Iterable

from django.utils.translation import get_language, gettext


class Written:
    """The sentences that are known, marked with `gettext_noop`; each `%(name)s` stands for any text."""

    def __init__(self, sentences: Iterable[str]) -> None:
        # The literal ones first, since a place matches anything.
        ordered = sorted(sentences, key=lambda each: (each.count("%("), -len(each)))
        self._forms = [(sentence, _form(sentence)) for sentence in ordered]

    def told(self, text: str) -> str:
        """The text in the reader's language, as far as it is one of these sentences."""
        if not text or get_language() == "en":
            return text
        for sentence, form in self._forms:
            if found := form.fullmatch(text):
                # A reason inside a sentence is one of these, too.
                return gettext(sentence) % {name: self.told(fact) for name, fact in found.groupdict().items()}
        return text


def _form(sentence: str) -> re.Pattern[str]:
    parts = re.split(r"%\((\w+)\)s", sentence)
    # Texts and names of places take turns.
    pattern = [f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts)]
    return re.compile("".join(pattern), re.DOTALL)
