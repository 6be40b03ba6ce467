"""One picture for each language, theme and width, of each page."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from askpro.dev.pictures.server import HOST
from askpro.dev.pictures.walk import Found
from askpro.dev.up import browser

LANGUAGES: Final = ("en", "de")
THEMES: Final = ("light", "dark")
WIDTHS: Final = (1440, 390)
HEIGHT: Final = 900
# A page that is longer than this is cut: nobody looks at a list of hundreds of rows.
LONGEST: Final = 6000
DARK: Final = "theme => document.documentElement.classList.toggle('dark', theme === 'dark')"
TOO_WIDE: Final = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass
class Camera:
    """Takes pictures into a folder, as `de/light-390/calls_call_change.png`; notes what was wrong with a page."""

    folder: Path
    cookies: Any
    languages: Sequence[str] = LANGUAGES
    themes: Sequence[str] = THEMES
    widths: Sequence[int] = WIDTHS
    complaints: list[str] = field(default_factory=list)

    def take(self, server: str, pages: Sequence[Found]) -> None:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            for language in self.languages:
                # Fields for dates follow the browser's own language, not its pages'.
                running = playwright.chromium.launch(
                    executable_path=str(browser.find()),
                    args=list(browser.ARGUMENTS),
                    env={**os.environ, "LANGUAGE": language},
                )
                context = running.new_context(locale=language, reduced_motion="reduce", service_workers="block")
                context.add_cookies(self.cookies)
                page = context.new_page()
                self._listen(page)
                for found in pages:
                    self._page(page, server, found, language)
                running.close()

    def _page(self, page: Any, server: str, found: Found, language: str) -> None:
        page.goto(urljoin(server, found.address), wait_until="load")
        for theme in self.themes:
            page.emulate_media(color_scheme=theme)
            for width in self.widths:
                page.set_viewport_size({"width": width, "height": HEIGHT})
                page.evaluate(DARK, theme)
                if (over := page.evaluate(TOO_WIDE)) > 0:
                    self.complaints.append(f"{found.name} ({language}, {width}): {over} px too wide")
                self._shoot(page, self.folder / language / f"{theme}-{width}" / f"{_file_name(found)}.png", width)

    def _shoot(self, page: Any, path: Path, width: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        height = min(page.evaluate("() => document.documentElement.scrollHeight"), LONGEST)
        page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height})

    def _listen(self, page: Any) -> None:
        """What the browser complains of, its policy's violations among them; and requests that leave the host."""
        page.on("console", lambda said: self._complain(page, said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self._complain(page, str(error)))
        page.on("request", lambda request: self._complain(page, request.url) if _leaves(request.url) else None)

    def _complain(self, page: Any, said: str) -> None:
        self.complaints.append(f"{page.url}: {said}")


def _leaves(address: str) -> bool:
    """Whether a request goes further than this machine."""
    whole = urlsplit(address)
    return whole.scheme not in ("data", "blob") and whole.hostname != HOST


def _file_name(found: Found) -> str:
    return found.name.removeprefix("admin:").replace(":", "_")
