"""Secrets are encrypted at rest, and an unreadable one disturbs only code that needs it."""

import pytest
from django.db import connection

from askpro.encryption import UnreadableSecret
from calls.models import Branch, Company

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return Company.objects.create(name="Salon", slug="salon", calcom_api_key="cal_live_geheim")


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT calcom_api_key FROM calls_company")
        return cursor.fetchone()[0]


def test_postgresql_never_sees_it(company):
    assert "geheim" not in stored()
    assert Company.objects.get().calcom_api_key == "cal_live_geheim"


def test_an_empty_one_stays_empty():
    Company.objects.create(name="Salon", slug="salon")
    assert (stored(), Company.objects.get().calcom_api_key) == ("", "")


def test_an_older_key_still_reads(company, settings):
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another" * 10
    assert Company.objects.get().calcom_api_key == "cal_live_geheim"


def test_an_unreadable_one_is_an_error_for_those_who_use_it_only(company, settings):
    Branch.objects.create(company=company, name="Mitte")
    settings.SECRET_KEY = "another" * 10
    found = Branch.objects.select_related("company").get().company
    assert found.name == "Salon"
    with pytest.raises(UnreadableSecret):
        _ = found.calcom_api_key


def test_saving_a_row_leaves_an_unopened_secret_as_it_is(company, settings):
    before = stored()
    settings.SECRET_KEY = "another" * 10
    found = Company.objects.get()
    found.name = "Salon Käthe"
    found.save()
    assert stored() == before


def test_a_new_one_replaces_it(company):
    found = Company.objects.get()
    found.calcom_api_key = "cal_live_neu"
    found.save()
    assert Company.objects.get().calcom_api_key == "cal_live_neu"
