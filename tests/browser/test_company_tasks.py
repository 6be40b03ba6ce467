"""What is done for a company and for a person, in German, within a stated number of clicks from the start page."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
import responses

from askpro.privacy.models import Erasure
from calls.models import Company, PhoneNumber
from tests.browser.person import Person
from tests.console.world import World

pytestmark = pytest.mark.browser

CALCOM = "https://cal.example"


def test_a_new_company_is_one_form_and_its_connections_are_tried(person: Person, settings: Any) -> None:
    settings.CALCOM_BASE_URL = CALCOM
    page = person.page
    with responses.RequestsMock(assert_all_requests_are_fired=False) as vendors:
        vendors.get(f"{CALCOM}/v2/me", json={"status": "success", "data": {"id": 7, "name": "Käthe", "username": "k"}})

        person.unfold("Einrichtung")
        person.menu("Firmen")
        person.press("Firma hinzufügen")
        page.locator("#id_name").fill("Salon Zaunkönig")
        page.locator("#id_new_calcom_api_key").fill("cal_live_zaunkoenig")
        page.locator("#id_branches-0-name").fill("Mitte")
        page.locator("#id_branches-0-dialled").fill("030 23125 160")
        person.press("Speichern")
        person.press("Alle prüfen")

        person.reads("Der Schlüssel gehört Käthe")
    person.needed_at_most(6)
    company = Company.objects.get(name="Salon Zaunkönig")
    assert PhoneNumber.objects.get(company=company).number == "+493023125160"


def test_last_week_is_exported(person: Person, tmp_path: Path) -> None:
    person.menu("Anrufe")
    person.press("Exportieren")
    with person.page.expect_download() as download:
        person.press("CSV")

    download.value.save_as(tmp_path / "calls.csv")
    rows = list(csv.reader(io.StringIO((tmp_path / "calls.csv").read_text("utf-8-sig")), delimiter=";"))
    person.needed_at_most(4)
    assert "retell_call_id" in rows[0]


def test_a_person_is_erased(person: Person, console_world: World) -> None:
    customer = console_world.customers[2]

    person.menu("Person exportieren oder löschen")
    person.page.locator("#id_said").fill(customer.phone or "")
    person.press("Suchen")
    person.press("Löschen")

    person.reads("gelöscht")
    person.needed_at_most(5)
    assert Erasure.objects.filter(customers__contains=[customer.pk]).exists()


def test_todays_calendar_is_one_click_away(person: Person) -> None:
    person.menu("Kalender")

    person.page.locator("#calendar").wait_for()
    person.needed_at_most(1)
