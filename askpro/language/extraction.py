"""The sentences that are marked in the code, in templates and in the theme, without gettext's own tools."""

from collections.abc import Iterator
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
# The folders that contain sentences, and the functions that mark them.
FOLDERS: Final = ("appointments", "askpro", "calls", "notifications", "webhooks")
_PLURAL: Final = (1, 2)
_IN_CONTEXT: Final = ((1, "c"), 2)
_PLURAL_IN_CONTEXT: Final = ((1, "c"), 2, 3)
KEYWORDS: Final = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), _PLURAL),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), _IN_CONTEXT),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), _PLURAL_IN_CONTEXT),
}
# The theme comes without German. Of its additions for other packages these are in use.
THEME_ADDITIONS: Final = ("filters", "forms")


def extracted() -> Any:
    """The marked sentences of the code and of the theme, as Babel's `Catalog`."""
    from babel.messages.catalog import Catalog

    found, shipped = Catalog(), _shipped()
    for folder in FOLDERS:
        for path in files(ROOT / folder):
            _add(found, path)
    for path in _theme():
        _add(found, path, besides=shipped)
    return found


def files(folder: Path) -> Iterator[Path]:
    """The files below a folder that may hold sentences, in a fixed order."""
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".py" or (path.suffix in (".html", ".txt") and "templates" in path.parts):
            yield path


def _add(found: Any, path: Path, besides: frozenset[str] = frozenset()) -> None:
    from babel.messages.extract import extract

    source = path.read_text("utf-8")
    if path.suffix != ".py":
        source = _as_python(source, path)
    for _, sentence, comments, context in extract("python", BytesIO(source.encode()), keywords=KEYWORDS):
        if _key(sentence, context) not in besides:
            found.add(sentence, auto_comments=comments, context=context)


def _as_python(source: str, path: Path) -> str:
    """A template as calls of gettext's functions, on the same lines; Python minds how these are indented."""
    from django.utils.translation.template import templatize

    return "\n".join(line.strip() for line in templatize(source, origin=str(path)).splitlines())


def _theme() -> Iterator[Path]:
    import unfold

    top = Path(unfold.__path__[0])
    for path in files(top):
        inner = path.relative_to(top).parts
        if inner[0] != "contrib" or inner[1] in THEME_ADDITIONS:
            yield path


def _shipped() -> frozenset[str]:
    """What Django brings in German itself."""
    import django

    found: set[str] = set()
    top = Path(django.__path__[0])
    for path in (top / "conf", *sorted((top / "contrib").iterdir())):
        compiled = path / "locale/de/LC_MESSAGES/django.mo"
        if compiled.is_file():
            with compiled.open("rb") as file:
                messages: dict[Any, str] = vars(GNUTranslations(file))["_catalog"]
            found |= {key if isinstance(key, str) else key[0] for key in messages}
    return frozenset(found)


def _key(sentence: Any, context: str | None) -> str:
    singular = sentence if isinstance(sentence, str) else sentence[0]
    return f"{context}\x04{singular}" if context else singular
