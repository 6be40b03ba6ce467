"""Operators hear of accounts at Retell that are not read, once."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from askpro.dev.sandbox.client import SandboxClient
from tests.webhooks.net.retell import KEY, tick
from webhooks.models import RetellReading
from webhooks.models.fingerprint import fingerprint
from webhooks.tasks import warn_of_unread_accounts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("number")]

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def operators(settings: Any) -> None:
    settings.OPS_EMAILS = ["ops@example.org"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def warned() -> list[str]:
    mail.outbox.clear()
    warn_of_unread_accounts()
    return [str(each.body) for each in mail.outbox]


def test_they_are_told_once_of_an_account_that_was_not_read_for_an_hour(retell: SandboxClient, clock: Any) -> None:
    tick()
    clock.shift(HOUR)
    assert warned() == []
    clock.shift(1)
    [body] = warned()
    assert fingerprint(KEY) in body and KEY not in body and "01.12.2026, 13:00" in body
    assert warned() == []


def test_they_are_told_again_when_it_was_read_in_between(retell: SandboxClient, clock: Any) -> None:
    tick()
    for _ in range(2):
        clock.shift(2 * HOUR)
        assert len(warned()) == 1
        tick()
        assert warned() == []


def test_they_are_told_of_an_account_that_could_never_be_read(retell: SandboxClient, settings: Any, clock: Any) -> None:
    settings.RETELL_API_KEYS = ["key_wrong"]
    tick()
    clock.shift(2 * HOUR)
    [body] = warned()
    assert "whose key Retell refuses" in body


def test_a_key_that_was_replaced_or_taken_out_is_none_of_their_business(
    retell: SandboxClient, settings: Any, clock: Any
) -> None:
    settings.RETELL_API_KEYS = [KEY, "key_replaced", "key_forgotten"]
    tick()
    settings.RETELL_API_KEYS = [KEY, "key_replaced"]
    clock.shift(2 * HOUR)
    tick()
    assert warned() == []
    assert RetellReading.objects.count() == 3


def test_they_see_all_accounts_in_the_console(retell: SandboxClient, admin_client: Client) -> None:
    tick()
    row = RetellReading.objects.get()
    listed = admin_client.get(reverse("admin:webhooks_retellreading_changelist"))
    page = admin_client.get(reverse("admin:webhooks_retellreading_change", args=[row.pk]))
    for answer in (listed, page):
        assert answer.status_code == 200
        assert fingerprint(KEY) in answer.content.decode() and KEY not in answer.content.decode()
