"""The README's pictures: six pages in English, as they stand in a window."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

from django.urls import reverse

from askpro.console.repair.addresses import address
from askpro.dev.pictures.png import smaller
from askpro.dev.pictures.walk import page_of
from askpro.dev.pictures.week.rows import OUTAGE_BEGAN, OUTAGE_ENDED, Week
from askpro.dev.up import browser
from notifications.links import link_for

DESK: Final = (1360, 940)
TELEPHONE: Final = (390, 760)
STILL: Final = "document.activeElement?.blur()"


@dataclass(frozen=True, slots=True)
class Picture:
    name: str
    address: str
    size: tuple[int, int] = DESK
    language: str = "en"


def take(folder: Path, server: str, cookies: Any, week: Week) -> None:
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(browser.find()), args=list(browser.ARGUMENTS))
        for picture in _pictures(week):
            width, height = picture.size
            context = running.new_context(viewport={"width": width, "height": height}, locale=picture.language)
            context.add_cookies(cookies)
            page = context.new_page()
            page.goto(urljoin(server, picture.address), wait_until="load")
            page.evaluate(STILL)
            (folder / f"{picture.name}.png").write_bytes(smaller(page.screenshot()))
            context.close()
        running.close()


def _pictures(week: Week) -> Iterator[Picture]:
    yesterday = week.midnight - timedelta(days=1)
    outage = {"since": yesterday + OUTAGE_BEGAN, "until": yesterday + OUTAGE_ENDED}
    booked = week.booked_last
    assert booked.call
    yield Picture("today", reverse("admin:index"))
    yield Picture("call", page_of(booked.call))
    yield Picture("calendar", reverse("admin:calendar"))
    yield Picture("repair", address("failures", "retry", vendor="calcom", **outage))
    yield Picture("metrics", f"{reverse('admin:metrics')}?range=week")
    link = link_for(booked)
    yield Picture("customer-page", link[link.index("/t/") :], TELEPHONE)
