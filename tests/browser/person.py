"""A person with a German browser, whose clicks are counted from the start page on."""

import re
from typing import Any, Final

from django.db.models import Model

from askpro.console import display

# Milliseconds: the first page of a new server loads all that the others find loaded.
FIRST_PAGE: Final = 60_000


class Person:
    """Clicks and types as a person does. Typing costs no click: one reaches a field by keyboard."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self._address = page, address
        self.clicks: list[str] = []

    def start(self) -> None:
        """Open the start page; what is clicked from here on counts."""
        self.page.goto(f"{self._address}/admin/", timeout=FIRST_PAGE)
        self.clicks.clear()

    def click(self, target: Any, name: str = "") -> None:
        target.click()
        self.clicks.append(name or str(target))

    def menu(self, name: str) -> None:
        """Click a line of the navigation."""
        self.click(self.page.locator("#nav-sidebar a", has_text=re.compile(rf"{re.escape(name)}\s*$")), name)

    def unfold(self, name: str) -> None:
        """Click the head of a part of the navigation that is folded."""
        self.click(self.page.locator("#nav-sidebar .ap-heading-button", has_text=name), name)

    def press(self, name: str) -> None:
        """Click the first link or button of the page, outside the navigation, whose name begins like this."""
        said = re.compile(rf"^{re.escape(name)}")
        main = self.page.locator("#main")
        self.click(main.get_by_role("link", name=said).or_(main.get_by_role("button", name=said)).first, name)

    def choose(self, label: str, option: str) -> None:
        """Open a list and click an option of it: two clicks."""
        self.page.get_by_label(label).select_option(label=option)
        self.clicks += [label, option]

    def type(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).fill(text)

    def find(self, typed: str, row: Model) -> None:
        """Search for what was typed, and open this row of what was found."""
        self.click(self.page.locator("#nav-sidebar button", has_text="manage_search"), "search")
        self.page.get_by_role("combobox").fill(typed)
        self.click(self.page.locator(f"#command-results-list a[href='{display.address(row)}']"), str(row))

    def reads(self, text: str) -> None:
        """Wait until the page says this."""
        self.page.locator("#main").get_by_text(text).first.wait_for()

    def needed_at_most(self, most: int) -> None:
        assert len(self.clicks) <= most, f"{len(self.clicks)} clicks instead of {most}: {self.clicks}"
