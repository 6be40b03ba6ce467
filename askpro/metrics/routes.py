"""The routes of a vendor's API, so that a path with an id counts under its route: labels of metrics stay few."""

from collections.abc import Iterable
from typing import Final

OTHER: Final = "other"
# One place of a path, such as an id.
PLACE: Final = "{}"


class Routes:
    """Paths with `{}` for what varies, as in `/v2/bookings/{}/cancel`."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self._paths = {path: path.split("/") for path in paths}

    def of(self, method: str, path: str) -> str:
        """The method and the route of a request; `other` for a path that is no route, whatever it contains."""
        parts = path.partition("?")[0].split("/")
        found = (
            route
            for route, templates in self._paths.items()
            if len(templates) == len(parts) and all(map(_fits, templates, parts))
        )
        route = next(found, None)
        return OTHER if route is None else f"{method.upper()} {route}"


def _fits(template: str, part: str) -> bool:
    before, place, after = template.partition(PLACE)
    if not place:
        return part == template
    return part.startswith(before) and part.endswith(after) and len(part) > len(before) + len(after)
