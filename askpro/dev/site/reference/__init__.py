"""The pages of docs/reference, each from the code that it tells of."""

from collections.abc import Callable
from typing import Final

from askpro.dev.site.reference import api, commands, events, licences, settings

PAGES: Final[dict[str, Callable[[], str]]] = {
    "settings.md": settings.page,
    "commands.md": commands.page,
    "api.md": api.page,
    "events.md": events.page,
    "licences.md": licences.page,
}
