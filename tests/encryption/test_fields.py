"""What is encrypted at rest: PostgreSQL never sees it, and what cannot be read disturbs only code that needs it."""

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError
from django.db import connection
from django.db.models import Q

from askpro.encryption import Unreadable, sealing
from calls.models import Branch, Call, Company
from tests.encryption.keys import NEW, OLD
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def old_key(settings: Any) -> None:
    settings.DATA_KEYS = [OLD]


@pytest.fixture
def company() -> Company:
    return Company.objects.create(name="Salon", slug="salon", calcom_api_key="cal_live_geheim")


def stored(column: str = "calcom_api_key", table: str = "calls_company") -> Any:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table}")
        return cursor.fetchone()[0]


def write(value: Any, column: str = "calcom_api_key", table: str = "calls_company") -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s", [value])


def of_earlier_release(secret: str, key: str) -> str:
    digest = hashlib.sha256(f"askpro.encryption:{key}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest)).encrypt(secret.encode()).decode()


def event(body: bytes) -> WebhookEvent:
    return WebhookEvent.objects.create(provider="retell", event_type="call_ended", event_key="k", body=body)


def test_postgresql_never_sees_a_secret(company: Company) -> None:
    assert "geheim" not in stored() and stored().startswith(sealing.newest_prefix())
    assert Company.objects.get().calcom_api_key == "cal_live_geheim"


def test_an_empty_one_stays_empty() -> None:
    Company.objects.create(name="Salon", slug="salon")
    assert (stored(), Company.objects.get().calcom_api_key) == ("", "")


def test_the_same_secret_is_never_stored_alike(company: Company) -> None:
    first = stored()
    company.save()
    assert stored() != first


def test_an_older_key_still_reads_and_the_newest_writes(company: Company, settings: Any) -> None:
    settings.DATA_KEYS = [NEW, OLD]
    found = Company.objects.get()
    assert found.calcom_api_key == "cal_live_geheim"
    found.save()
    settings.DATA_KEYS = [NEW]
    assert Company.objects.get().calcom_api_key == "cal_live_geheim"


@pytest.mark.parametrize("place", ["SECRET_KEY", "SECRET_KEY_FALLBACKS"])
def test_a_secret_of_an_earlier_release_is_read_by_the_key_of_then(company: Company, settings: Any, place: str) -> None:
    write(of_earlier_release("cal_live_alt", "key of then"))
    with pytest.raises(Unreadable):
        _ = Company.objects.get().calcom_api_key
    setattr(settings, place, "key of then" if place == "SECRET_KEY" else ["key of then"])
    assert Company.objects.get().calcom_api_key == "cal_live_alt"


def test_an_unreadable_one_is_an_error_for_those_who_use_it_only(company: Company, settings: Any) -> None:
    Branch.objects.create(company=company, name="Mitte")
    settings.DATA_KEYS = [NEW]
    found = Branch.objects.select_related("company").get().company
    assert found.name == "Salon"
    with pytest.raises(Unreadable):
        _ = found.calcom_api_key


def test_saving_a_row_leaves_an_unopened_secret_as_it_is(company: Company, settings: Any) -> None:
    before = stored()
    settings.DATA_KEYS = [NEW]
    found = Company.objects.get()
    found.name = "Salon Käthe"
    found.save()
    assert stored() == before


def test_a_changed_byte_is_not_read(company: Company) -> None:
    whole = stored()
    write(whole[:-6] + ("A" if whole[-6] != "A" else "B") + whole[-5:])
    with pytest.raises(Unreadable):
        _ = Company.objects.get().calcom_api_key


@pytest.mark.parametrize("broken", ["sealed:", "sealed:zz:", "sealed:00000000:!!!", "sealed:00000000:AAEA", "gAAAAA"])
def test_what_is_no_secret_at_all_is_not_read(company: Company, broken: str) -> None:
    write(broken)
    with pytest.raises(Unreadable):
        _ = Company.objects.get().calcom_api_key


BODY = json.dumps({"event": "call_ended", "transcript": "User: Grüße.\n" * 50}).encode()


def test_a_body_is_packed_and_encrypted() -> None:
    event(BODY)
    kept = bytes(stored("body", "webhooks_webhookevent"))
    assert b"Gr" not in kept and kept.startswith(sealing.newest_header()) and len(kept) < len(BODY) / 5
    assert WebhookEvent.objects.get().body == BODY


@pytest.mark.parametrize("body", [BODY, b"{}", b"", b"\x00", b"a=b&c=%00", bytes(range(255, -1, -1))])
def test_a_body_that_was_stored_in_plain_is_read_as_it_is(body: bytes) -> None:
    event(b"x")
    write(body, "body", "webhooks_webhookevent")
    assert bytes(WebhookEvent.objects.get().body) == body


def test_a_short_one_is_not_packed() -> None:
    event(b"{}")
    assert len(stored("body", "webhooks_webhookevent")) == 2 + 7 + 12 + 16


@pytest.mark.parametrize("lookup", ["body", "body__in", "body__contains", "body__gt", "body__x"])
def test_what_is_inside_cannot_be_asked_for(lookup: str) -> None:
    with pytest.raises(FieldError):
        WebhookEvent.objects.filter(**{lookup: [b"{}"] if lookup.endswith("in") else b"{}"}).exists()
    with pytest.raises(FieldError):
        Call.objects.filter(**{lookup.replace("body", "variables"): {"x": 1}}).exists()


def test_whether_there_is_something_can_be_asked_for() -> None:
    event(BODY)
    assert WebhookEvent.objects.exclude(body=b"").exists() and not WebhookEvent.objects.filter(body=b"").exists()
    assert not Call.objects.filter(Q(variables={}) | Q(transcript="") | Q(transcript=None)).exists()


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"])
def test_what_is_no_text_is_refused_as_in_plain(company: Company, text: str) -> None:
    with pytest.raises(ValueError, match=r"NUL|surrogates"):
        Company.objects.update(calcom_api_key=text)


@pytest.mark.parametrize("value", [{"wort": "Grüße 🙂", "zahl": 1.5, "leer": None}, ["a", {"b": [True]}], "text", 7])
def test_a_json_value_comes_back_as_it_was(value: Any) -> None:
    call = Call(variables=value)
    field = Call._meta.get_field("variables")
    assert field.opened(field.sealed(call.variables)) == value
