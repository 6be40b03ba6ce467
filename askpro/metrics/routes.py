"""The routes of a vendor's API, so that a path with an id counts under its route: labels of metrics stay few."""

import re
from collections.abc import Iterable
from typing import Final

OTHER: Final = "other"
# One place of a path, such as an id.
PLACE: Final = "{}"


class Routes:
    """Paths with `{}` for what varies, as in `/v2/bookings/{}/cancel`."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self._patterns = {path: re.compile("[^/?]+".join(map(re.escape, path.split(PLACE)))) for path in paths}

    def of(self, method: str, path: str) -> str:
        """The method and the route of a request; `other` for a path that is no route, whatever it contains."""
        bare = path.partition("?")[0]
        found = next((route for route, pattern in self._patterns.items() if pattern.fullmatch(bare)), None)
        return OTHER if found is None else f"{method.upper()} {found}"
