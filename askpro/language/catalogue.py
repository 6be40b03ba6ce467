"""The German catalogue: extracted, compiled and checked without gettext's own tools, and without Django, so that
`manage.py` can compile it before Django starts."""

import hashlib
import struct
from gettext import GNUTranslations
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
SOURCE: Final = ROOT / "locale" / "de" / "LC_MESSAGES" / "django.po"
COMPILED: Final = SOURCE.with_suffix(".mo")
# No dates, no names: the file changes only with its sentences.
HEADER: Final = b"""\
# What the staff of German companies read. `manage.py makemessages` brings in what is new, `compilemessages` compiles.
msgid ""
msgstr ""
"Language: de\\n"
"Content-Type: text/plain; charset=utf-8\\n"

"""
# The folders that contain sentences, and the functions that mark them.
FOLDERS: Final = ("appointments", "askpro", "calls", "notifications", "webhooks")
KEYWORDS: Final = {"_": None, "gettext": None, "gettext_lazy": None}


def is_current() -> bool:
    """Whether the compiled catalogue exists and was made from the current source."""
    try:
        with COMPILED.open("rb") as file:
            return GNUTranslations(file).info().get("project-id-version") == f"AskPro {_digest()}"
    except (OSError, ValueError, struct.error):
        return False


def refresh() -> None:
    """Compile it unless it is current."""
    if not is_current():
        compile_source()


def compile_source() -> None:
    """Write the compiled catalogue; a reader never sees half of it."""
    from babel.messages.mofile import write_mo

    catalogue = read()
    catalogue.project, catalogue.version = "AskPro", _digest()
    temporary = COMPILED.with_suffix(".mo.new")
    with temporary.open("wb") as file:
        write_mo(file, catalogue)
    temporary.replace(COMPILED)


def read() -> Any:
    """The source, as Babel's `Catalog`."""
    from babel.messages.pofile import read_po

    with SOURCE.open("rb") as file:
        return read_po(file, locale="de")


def extracted() -> Any:
    """The marked sentences of the code, as Babel's `Catalog`."""
    from babel.messages.catalog import Catalog
    from babel.messages.extract import extract_from_dir

    found = Catalog()
    for folder in FOLDERS:
        for _, _, sentence, comments, context in extract_from_dir(ROOT / folder, keywords=KEYWORDS):
            found.add(sentence, auto_comments=comments, context=context)
    return found


def update_source() -> list[str]:
    """Add the code's new sentences to the source and drop those it no longer has; return those without German."""
    from babel.messages.pofile import write_po

    catalogue = read()
    catalogue.update(extracted(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    with SOURCE.open("wb") as file:
        file.write(HEADER)
        write_po(file, catalogue, width=120, sort_output=True, no_location=True, omit_header=True)
    return [message.id for message in catalogue if message.id and not message.string]


def _digest() -> str:
    return hashlib.sha256(SOURCE.read_bytes()).hexdigest()
