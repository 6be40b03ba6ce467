"""What scripts say in the browser is told in the reader's language too."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from django.contrib.staticfiles.finders import get_finders
from django.test import Client

SENTENCE: Final = re.compile(r"""\bn?gettext\(\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")
# Libraries that speak with gettext of their own, or not at all.
LEFT_OUT: Final = ("vendor/", "admin/js/vendor/", "debug_toolbar/", "rest_framework/", "drf_spectacular_sidecar/")


def scripts() -> Iterator[Path]:
    for finder in get_finders():
        for name, storage in finder.list(None):
            if name.endswith(".js") and not name.startswith(LEFT_OUT):
                yield Path(storage.path(name))


def asked_for() -> set[str]:
    """Every sentence that a script asks for."""
    found = set()
    for path in scripts():
        for literal in SENTENCE.findall(path.read_text("utf-8")):
            found.add(literal[1:-1].replace("\\'", "'").replace('\\"', '"'))
    return found


@pytest.mark.django_db
def test_every_sentence_of_a_script_has_its_german(admin_client: Client) -> None:
    told = admin_client.get("/admin/jsi18n/", HTTP_ACCEPT_LANGUAGE="de").content.decode()
    catalogue = json.loads(re.search(r"const newcatalog = (\{.*?\});?\n", told, re.DOTALL)[1])  # type: ignore[index]

    sentences = asked_for()
    assert "Choose all %s" in sentences and "Filter" in sentences
    # Some words are the same in both languages: a month, a filter.
    lacking = {each for each in sentences if catalogue.get(each, each) == each}
    assert {each for each in lacking if " " in each} == set()
