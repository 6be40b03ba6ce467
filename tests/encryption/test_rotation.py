"""`rotate_secrets`: everything that is encrypted comes under the newest key, and what cannot be read is told."""

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from appointments.models import Attempt
from askpro.console.entrance.models import SecondFactor
from askpro.encryption import rotation, sealing
from askpro.encryption.fields import EncryptedTextField
from askpro.privacy.models import Erasure, Pepper
from calls.models import Call, Company, FunctionCall
from tests.console.factories import make_world
from tests.console.tenants import make_strangers
from tests.encryption.keys import NEW, OLD
from tests.encryption.rows import fill, raw, read, value_for, write_plain

pytestmark = pytest.mark.django_db


@pytest.fixture
def filled(settings: Any) -> list[Any]:
    settings.DATA_KEYS = [OLD]
    world = make_world()
    make_strangers(world)
    FunctionCall.objects.create(call=world.calls[0], name="find_appointment", key="k", taken_at=timezone.now())
    Attempt.objects.create(follow_up=world.follow_ups[0], note="x", again_at=timezone.now())
    Pepper.taken()
    Erasure.objects.create(who="ops@host")
    SecondFactor.objects.create(user=User.objects.create_user("anna"), secret="JBSWY3DPEHPK3PXP")
    return fill()


def rotate(**options: Any) -> str:
    said = StringIO()
    call_command("rotate_secrets", stdout=said, stderr=said, **options)
    return said.getvalue()


def test_everything_is_readable_without_the_old_key(filled: list[Any], settings: Any) -> None:
    settings.DATA_KEYS = [NEW, OLD]
    assert f"in {len(filled)} fields" in rotate()
    settings.DATA_KEYS = [NEW]
    assert dict(read(filled)) == {str(field): value_for(field) for field, _ in filled}
    assert rotate().startswith("0 values written"), "nothing is written twice"


def test_what_was_stored_in_plain_is_read_before_and_encrypted_after(filled: list[Any], settings: Any) -> None:
    words = [(field, pk) for field, pk in filled if not isinstance(field, EncryptedTextField)]
    for field, pk in words:
        write_plain(field, pk)
    expected = {str(field): value_for(field) for field, _ in words}
    assert dict(read(words)) == expected
    rotate()
    assert dict(read(words)) == expected
    assert not [str(field) for field, pk in words if "Zeisig" in repr(raw(field, pk))]


def test_a_dry_run_writes_nothing_and_counts_the_same(filled: list[Any], settings: Any) -> None:
    settings.DATA_KEYS = [NEW, OLD]
    before = [raw(field, pk) for field, pk in filled]
    counted = rotate(dry_run=True)
    assert [raw(field, pk) for field, pk in filled] == before
    assert counted.replace("would be written", "written") == rotate()


def test_it_says_what_cannot_be_read_and_rewrites_the_rest(filled: list[Any], settings: Any) -> None:
    call = next(pk for field, pk in filled if str(field) == "calls.Call.transcript")
    settings.DATA_KEYS = ["33" * 32]
    Call.objects.filter(pk=call).update(transcript="User: Zeisig")
    settings.DATA_KEYS = [NEW, OLD]
    said = StringIO()
    with pytest.raises(CommandError, match="1 values could not be read"):
        call_command("rotate_secrets", stdout=said, stderr=said)
    assert f"cannot be read: calls.Call {call}: transcript" in said.getvalue()
    assert "Zeisig" not in said.getvalue() and "sealed:" not in said.getvalue()
    settings.DATA_KEYS = [NEW]
    assert Company.objects.get(pk=next(pk for field, pk in filled if "calcom_api_key" in str(field))).calcom_api_key


def test_it_goes_on_where_it_was_interrupted(filled: list[Any], settings: Any, monkeypatch: Any) -> None:
    settings.DATA_KEYS = [NEW, OLD]
    monkeypatch.setattr(rotation, "AT_ONCE", 1)
    written = []

    def stop(done: rotation.Rewritten) -> None:
        written.append(done.rewritten)
        if len(written) == 4:
            raise KeyboardInterrupt

    transcript = next(field for field, _ in filled if str(field) == "calls.Call.variables")
    with pytest.raises(KeyboardInterrupt):
        rotation.rewrite(transcript, note=stop)
    left = rotation.rewrite(transcript).rewritten
    assert written == [1, 2, 3, 4] and left == Call.objects.exclude(variables={}).count() - 4


def test_a_value_that_is_written_meanwhile_is_kept(filled: list[Any], settings: Any, monkeypatch: Any) -> None:
    settings.DATA_KEYS = [NEW, OLD]
    field, pk = next((field, pk) for field, pk in filled if str(field) == "calls.Call.summary")
    found = rotation._page(field, None)
    Call.objects.filter(pk__in=[row for row, _ in found]).update(summary="newer")
    monkeypatch.setattr(rotation, "_page", lambda column, place: found if place is None else [])
    done = rotation.rewrite(field)
    assert (done.rewritten, done.changed) == (0, len(found))
    assert Call.objects.get(pk=pk).summary == "newer" and raw(field, pk).startswith(sealing.newest_prefix())
