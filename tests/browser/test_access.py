"""Every page under its Content-Security-Policy and axe-core's rules, in both themes, on a telephone and on a desk; and
a follow-up worked without a mouse."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from appointments.models import FollowUp
from askpro.dev.pictures.walk import one_in_each_state, page_of, walk
from askpro.queues.models import Job
from calls.models import Call
from tests.console.test_pages import list_of
from tests.console.world import World

pytestmark = pytest.mark.browser

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.flatMap(
  (rule) => rule.nodes.map((node) => `${rule.id} ${node.target.join(" ")} ${node.failureSummary.slice(0, 200)}`))"""
LISTEN = """window.refused = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refused.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));"""
OVER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
BY_KEYBOARD = """() => {
  const still = new CSSStyleSheet();
  still.replaceSync("* { transition: none !important; animation: none !important; }");
  document.adoptedStyleSheets = [still];
  const said = [];
  const look = (it) => [it, it.parentElement, it.closest("label") ?? it].map((each) => {
    const s = getComputedStyle(each);
    return [s.outlineStyle, s.outlineWidth, s.boxShadow, s.borderColor, s.backgroundColor].join();
  }).join();
  const all = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]";
  for (const it of document.querySelectorAll(all)) {
    if (it.disabled || it.tabIndex < 0 || !it.checkVisibility({visibilityProperty: true})) continue;
    const name = it.outerHTML.slice(0, 120);
    if (it.tabIndex > 0) said.push(`jumps the queue: ${name}`);
    document.activeElement.blur();
    const before = look(it);
    it.focus({focusVisible: true, preventScroll: true});
    if (document.activeElement === it && look(it) === before) said.push(`focus cannot be seen: ${name}`);
  }
  document.activeElement.blur();
  for (const [mark, number] of [["h1", 1], ["main, [role=main]", 1]])
    if (document.querySelectorAll(mark).length !== number)
      said.push(`${document.querySelectorAll(mark).length} of ${mark}`);
  return said; }"""
THEMES = ("light", "dark")
WIDTHS = (1440, 390)


def addresses(world: World) -> Iterator[str]:
    """Seven of some 170 kinds of page; with `--long`, every kind that a link leads to, and a row in each state."""
    if os.environ.get("ASKPRO_TEST_LONG") == "1":
        client = Client()
        client.force_login(User.objects.get())
        yield from (page.address for page in walk(client, [reverse("admin:index"), *one_in_each_state()]))
        return
    dead = Job.objects.filter(status="dead")[0]
    yield from (reverse("admin:index"), list_of(Call), page_of(world.calls[1]), page_of(world.customers[0]))
    yield from (page_of(world.follow_ups[0]), f"{page_of(dead).removesuffix('change/')}retry/")
    yield reverse("admin:queue_board")


def complaints(page: Any) -> Iterator[str]:
    """What keeps people out of the page that is open: what axe-core finds in both themes and at both widths, a page
    that is wider than its window, and what cannot be seen, or reached in its order, from the keyboard."""
    page.evaluate(AXE)
    yield from page.evaluate(BY_KEYBOARD)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if (over := page.evaluate(OVER)) > 0:
            yield f"{width}: {over} px wider than its window"
        for theme in THEMES:
            page.evaluate("theme => document.documentElement.classList.toggle('dark', theme === 'dark')", theme)
            yield from (f"{theme} {width} {said}" for said in page.evaluate(RUN))


def test_axe_and_the_policy_find_nothing(console: Any, live_server: Any, console_world: World) -> None:
    console.add_init_script(LISTEN)
    console.emulate_media(reduced_motion="reduce")
    found = []
    for address in addresses(console_world):
        console.goto(f"{live_server.url}{address}")
        found += [f"{address} {said}" for said in complaints(console)]
        found += [f"{address} refused: {said}" for said in console.evaluate("window.refused")]

    assert not found, "\n".join(found)


@pytest.mark.parametrize("address", ["/admin/login/", "/none/", "/admin/none/", "/api/v1/docs/"])
def test_so_does_a_page_without_a_log_in(
    browser_page: Any, live_server: Any, transactional_db: None, address: str
) -> None:
    browser_page.add_init_script(LISTEN)
    browser_page.goto(f"{live_server.url}{address}", wait_until="networkidle")

    assert browser_page.evaluate("window.refused") == []
    if address != "/api/v1/docs/":  # Swagger's own
        assert list(complaints(browser_page)) == []


def test_a_follow_up_is_worked_without_a_mouse(console: Any, live_server: Any, console_world: World) -> None:
    waiting = FollowUp.objects.filter(status="open", customer__name__gt="").exclude(reason="review")[0]
    console.goto(f"{live_server.url}/admin/")
    console.keyboard.press("Tab")
    assert console.evaluate("document.activeElement.className") == "ap-skip"

    console.keyboard.press("/")
    console.get_by_role("combobox", name="Search").wait_for()
    console.keyboard.type(waiting.customer.name, delay=10)
    console.get_by_role("option").first.wait_for()
    links = console.get_by_role("option").evaluate_all("all => all.map(each => each.href)")
    place = next(place for place, link in enumerate(links) if f"/followup/{waiting.pk}/" in link)
    for _ in range(place + 1):
        console.keyboard.press("ArrowDown")
    console.keyboard.press("Enter")
    console.wait_for_url(f"**/followup/{waiting.pk}/change/")

    focus(console, "Resolve")
    console.keyboard.press("Enter")
    console.wait_for_url("**/resolve/")
    focus(console, "What came of it?")
    console.keyboard.press("ArrowDown")
    focus(console, "What was done?")
    console.keyboard.type("Zurückgerufen.")
    focus(console, "Resolve")
    console.keyboard.press("Enter")
    console.get_by_role("status").get_by_text("Resolved.").wait_for()
    assert FollowUp.objects.get(pk=waiting.pk).resolved_by is not None


def focus(page: Any, name: str) -> None:
    """Press Tab until the element with this name has the focus, which must be visible."""
    named = """name => { const it = document.activeElement;
      const said = it.labels?.[0]?.textContent ?? it.textContent;
      return it !== document.body && said.trim().endsWith(name); }"""
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.evaluate(named, name):
            shown = "() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle + s.boxShadow; }"
            assert page.evaluate(shown) != "nonenone"
            return
    raise AssertionError(f"No Tab leads to {name}")
