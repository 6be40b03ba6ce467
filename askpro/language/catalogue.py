"""The German catalogue: compiled and checked without gettext's own tools, and without Django, so that `manage.py` can
compile it before Django starts."""

import hashlib
import struct
from gettext import GNUTranslations
from typing import Any, Final

from askpro.language.extraction import ROOT as ROOT
from askpro.language.extraction import extracted

SOURCE: Final = ROOT / "locale" / "de" / "LC_MESSAGES" / "django.po"
COMPILED: Final = SOURCE.with_suffix(".mo")
# No dates, no names: the file changes only with its sentences.
HEADER: Final = b"""\
# What the staff of German companies read. `manage.py makemessages` brings in what is new, `compilemessages` compiles.
msgid ""
msgstr ""
"Language: de\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


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


def update_source() -> list[str]:
    """Add the code's new sentences to the source and drop those it no longer has; return those without German."""
    from babel.messages.pofile import write_po

    # Imported here: it reads Django's templates, and compiling must not wait for Django.
    catalogue = read()
    catalogue.update(extracted(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    with SOURCE.open("wb") as file:
        file.write(HEADER)
        write_po(file, catalogue, width=120, sort_output=True, no_location=True, omit_header=True)
    return [first(message) for message in catalogue if message.id and not is_told(message)]


def first(message: Any) -> str:
    """The sentence of an entry; of one with a plural, the singular."""
    return message.id if isinstance(message.id, str) else message.id[0]


def is_told(message: Any) -> bool:
    """Whether an entry has its German, both forms of it where it has a plural."""
    return all(message.string) if isinstance(message.string, tuple | list) else bool(message.string)


def _digest() -> str:
    return hashlib.sha256(SOURCE.read_bytes()).hexdigest()
