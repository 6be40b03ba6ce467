"""Accounts at Retell that are not read, against the sandbox's Retell."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from askpro.dev.sandbox.client import SandboxClient
from tests.found import found
from tests.webhooks.net.retell import KEY, tick
from webhooks.models import RetellReading
from webhooks.models.fingerprint import fingerprint

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("number")]

HOUR = timedelta(hours=1)


def missing() -> list[str]:
    return list(found("reconciliation_missing", timezone.now()))


def test_one_that_was_not_read_for_an_hour_is_found_until_it_is_read_again(retell: SandboxClient, clock: Any) -> None:
    tick()
    clock.shift(HOUR)
    assert missing() == []
    clock.shift(1)
    assert missing() == [f"retell:{RetellReading.objects.get().pk}"]
    tick()
    assert missing() == []


def test_one_that_could_never_be_read_is_found(retell: SandboxClient, settings: Any, clock: Any) -> None:
    settings.RETELL_API_KEYS = ["key_wrong"]
    tick()
    clock.shift(2 * HOUR)
    assert len(missing()) == 1


def test_a_key_that_was_replaced_or_taken_out_is_not(retell: SandboxClient, settings: Any, clock: Any) -> None:
    settings.RETELL_API_KEYS = [KEY, "key_replaced", "key_forgotten"]
    tick()
    settings.RETELL_API_KEYS = [KEY, "key_replaced"]
    clock.shift(2 * HOUR)
    tick()
    assert missing() == []
    assert RetellReading.objects.count() == 3


def test_they_see_all_accounts_in_the_console(retell: SandboxClient, admin_client: Client) -> None:
    tick()
    row = RetellReading.objects.get()
    listed = admin_client.get(reverse("admin:webhooks_retellreading_changelist"))
    page = admin_client.get(reverse("admin:webhooks_retellreading_change", args=[row.pk]))
    for answer in (listed, page):
        assert answer.status_code == 200
        assert fingerprint(KEY) in answer.content.decode() and KEY not in answer.content.decode()
