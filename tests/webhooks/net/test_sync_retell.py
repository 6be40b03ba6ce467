"""The command `sync_retell`."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from askpro.dev.sandbox.client import SandboxClient
from calls.models import PhoneNumber
from tests.calls.practice import practice
from tests.webhooks.net.retell import CREATED, NOW, call, keep, never_connected, tell
from webhooks.models import RetellReading, WebhookAddress, WebhookEvent
from webhooks.net.reading import Found

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("number")]


def sync(*options: str) -> str:
    out = io.StringIO()
    call_command("sync_retell", *options, stdout=out, stderr=out)
    return out.getvalue()


def refusal(*options: str) -> str:
    with pytest.raises(CommandError) as refused:
        sync(*options)
    return str(refused.value)


def subjects() -> set[str]:
    return set(WebhookEvent.objects.values_list("subject", flat=True))


def test_it_reads_like_the_schedule_and_says_what_it_found(retell: SandboxClient) -> None:
    told = call("call_told")
    tell(told, "call_analyzed")
    keep(retell, told, call("call_silent"))
    assert "2 listed, 1 known, 1 handed in. Done." in sync()
    assert subjects() == {"call_told", "call_silent"}
    assert RetellReading.objects.get().read_until == NOW


def test_a_dry_run_only_says_what_is_missing(retell: SandboxClient) -> None:
    keep(retell, call("call_silent"), never_connected("call_nobody_there"))
    assert "2 listed, 2 missing. Done." in sync("--dry-run")
    assert not WebhookEvent.objects.exists()
    assert RetellReading.objects.get().read_until is None


def test_it_reads_the_time_that_it_is_told_and_moves_nothing(retell: SandboxClient) -> None:
    days = [call(f"call_of_day_{days}", NOW - timedelta(days=days)) for days in (1, 2, 3)]
    keep(retell, *days)
    PhoneNumber.objects.update(created_at=NOW)
    sync("--since", "60h", "--until", "36h")
    assert subjects() == {"call_of_day_2"}, "however long before its number was entered: a person asked for it"
    assert RetellReading.objects.get().read_until is None


def test_it_reads_one_call(retell: SandboxClient) -> None:
    keep(retell, call("call_one", NOW - timedelta(days=300)), call("call_two"))
    assert "missing: call_analyzed" in sync("--call", "call_one", "--dry-run")
    assert "handed in" in sync("--call", "call_one")
    assert "known" in sync("--call", "call_one")
    assert subjects() == {"call_one"}


def test_it_reads_one_companys_calls(retell: SandboxClient) -> None:
    other = practice("+493023125201", "salon-birke")
    PhoneNumber.objects.update(created_at=CREATED)
    keep(retell, call("call_practice"), call("call_salon", to_number=other.number, agent_id="agent_salon"))
    sync("--company", "salon-birke")
    assert subjects() == {"call_salon"}
    assert RetellReading.objects.get().read_until is None


def test_it_reads_one_companys_own_account(retell: SandboxClient, number: PhoneNumber) -> None:
    address = WebhookAddress.objects.create(company=number.company, provider="retell")
    address.add_secret("key_of_the_practice")
    keep(retell, call("call_practice"), key="key_of_the_practice")
    sync("--company", number.company.slug)
    assert WebhookEvent.objects.get().address == address
    assert "known" in sync("--call", "call_practice")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--until", "1h"), "--until needs --since."),
        (("--since", "1h", "--until", "2h"), "--until must be later than --since."),
        (("--company", "nobody"), "There is no company with the slug nobody."),
        (("--call", "call_unknown"), "call_unknown: Retell does not know it under any key."),
        (("--since", "yesterday"), "neither a time"),
        (("--call", "../me"), "must be the id of a call"),
    ],
)
def test_it_refuses_what_makes_no_sense(retell: SandboxClient, options: tuple[str, ...], says: str) -> None:
    assert says in refusal(*options)


def test_it_says_which_account_could_not_be_read(retell: SandboxClient) -> None:
    retell.fault("retell.list_calls", status=500, times=9)
    assert refusal() == "1 of 1 accounts could not be read completely."


def test_it_does_not_say_that_a_call_is_unknown_when_nobody_could_be_asked(retell: SandboxClient) -> None:
    retell.fault("retell.get_call", status=500, times=9)
    assert refusal("--call", "call_one") == "call_one: not every account could be asked."


def test_it_needs_a_key(retell: SandboxClient, settings: Any) -> None:
    settings.RETELL_API_KEYS = []
    assert "There is no key of Retell" in refusal()


def test_its_summary_leaves_out_what_did_not_occur() -> None:
    assert str(Found(listed=3, known=2, failed=1)) == "3 listed, 2 known, 1 not to be had now"
