"""Somebody sets up her second factor and logs in with it, by keyboard alone, on a telephone, in German."""

from typing import Any

import pyotp
import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.utils import timezone

from askpro.console.entrance.models import SecondFactor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "ein-langes-kennwort"


def test_by_keyboard(live_server: Any, browser: Any, settings: LazySettings) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    User.objects.create_superuser("anna", password=PASSWORD)
    context = browser.new_context(locale="de-DE", viewport={"width": 390, "height": 844}, color_scheme="dark")
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
    page.goto(f"{live_server.url}/admin/")
    page.get_by_label("Benutzername").fill("anna")
    page.get_by_label("Passwort").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Zweiter Faktor").wait_for()
    page.get_by_role("button", name="Einrichten").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Zweiten Faktor einrichten").wait_for()
    code = page.locator("input[name=code]")
    # The browser puts the cursor there, but sometimes not while it has other windows.
    assert code.get_attribute("autofocus") is not None
    code.focus()
    assert page.locator(".ap-qr").evaluate("picture => picture.complete && picture.naturalWidth") > 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    page.get_by_text("Das ist nicht der Code").wait_for()
    page.get_by_label("Code").fill(_shown())
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Ersatzcodes").wait_for()
    page.get_by_role("link", name="Ich habe sie aufbewahrt").press("Enter")

    page.get_by_role("heading", name="Heute", exact=True).wait_for()
    context.close()
    assert refused == []


def _shown() -> str:
    """What the app shows now."""
    return pyotp.TOTP(SecondFactor.objects.get().secret).at(timezone.now())
