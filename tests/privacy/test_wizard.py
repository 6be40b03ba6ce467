"""The page that finds, exports and erases a person, in the language of the company, within its own rows."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client

from askpro.console.models import Access
from askpro.privacy.models import Erasure, Item, Read
from askpro.privacy.tasks import erase_person
from askpro.queues.testing import assert_sent, run_jobs
from calls.models import Customer
from tests.console.world import World

PAGE = "/admin/board/person/"


@pytest.fixture
def salon(world: World) -> Client:
    """A log-in of the first company, with both permissions."""
    user = User.objects.create_user("lina", is_staff=True)
    codenames = ("erase_person", "export_person", "view_erasure", "view_customer")
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    Access.objects.create(user=user).companies.set([world.companies[0]])
    client = Client(headers={"accept-language": "de"})
    client.force_login(user)
    return client


@pytest.fixture
def theirs(world: World) -> dict[str, Any]:
    """A customer of the first company, as typed into the form."""
    customer = next(c for c in world.customers[1:] if c.company == world.companies[0] and c.name)
    return {"said": customer.phone, "company": customer.company_id, "customer": customer.pk}


def test_it_shows_what_would_go_and_what_stays_in_german(salon: Client, theirs: dict[str, Any]) -> None:
    page = salon.post(PAGE, theirs).content.decode()
    assert "Was hier gelöscht wird" in page and "Buchung in Cal.com" in page and "Löschen" in page
    assert not Erasure.objects.filter(who="lina", user__isnull=False).exists()


def test_it_erases_with_a_reason_and_a_record(salon: Client, theirs: dict[str, Any]) -> None:
    said = theirs | {"do": "erase", "ground": "request", "reference": "T-17"}
    answer = salon.post(PAGE, said)
    erasure = Erasure.objects.latest("pk")
    assert answer["Location"] == f"/admin/privacy/erasure/{erasure.pk}/change/"
    assert (erasure.reference, erasure.cancels_bookings, erasure.user.username) == ("T-17", False, "lina")  # type: ignore[union-attr]
    assert_sent(erase_person, erasure_id=erasure.pk, times=1)
    assert LogEntry.objects.filter(object_id=str(theirs["customer"]), change_message__contains="erasure").exists()
    run_jobs()
    assert Customer.objects.get(pk=theirs["customer"]).erased_at is not None
    page = salon.get(answer["Location"]).content.decode()
    assert f"Löschung {erasure.pk}" in page and "Hier gelöscht" in page


def test_it_exports_and_notes_who_did(salon: Client, theirs: dict[str, Any]) -> None:
    answer = salon.post(PAGE, theirs | {"do": "export"})
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:  # type: ignore[arg-type]
        assert theirs["said"] in archive.read("person.json").decode()
    read = Read.objects.get(kind="export")
    assert (read.who, read.object_id) == ("lina", str(theirs["customer"]))


@pytest.mark.parametrize("do", ["erase", "export"])
def test_nobody_reaches_another_companys_people(salon: Client, world: World, do: str) -> None:
    stranger = next(c for c in world.customers if c.company == world.companies[1])
    for company in (world.companies[0].pk, stranger.company_id, ""):
        said = {"said": stranger.pk, "company": company, "customer": stranger.pk, "do": do, "ground": "request"}
        page = salon.post(PAGE, said)
        assert str(stranger.phone) not in page.content.decode()
    run_jobs()
    stranger.refresh_from_db()
    assert stranger.erased_at is None and not Read.objects.filter(kind="export").exists()


@pytest.mark.parametrize(("permission", "do"), [("export_person", "erase"), ("erase_person", "export")])
def test_each_takes_its_own_permission(
    staff_with: Callable[..., Client], theirs: dict[str, Any], permission: str, do: str
) -> None:
    client = staff_with(f"privacy.{permission}")
    assert client.post(PAGE, theirs | {"do": do, "ground": "request"}).status_code == 403
    assert client.get(PAGE).status_code == 200
    assert staff_with("calls.view_customer").get(PAGE).status_code == 403


def test_what_is_left_is_closed_by_hand_with_a_note(salon: Client, world: World) -> None:
    erasure = Erasure.objects.filter(company=world.companies[0]).earliest("pk")
    salon.post(f"/admin/privacy/erasure/{erasure.pk}/done/", {"confirmed": "yes", "note": "In Cal.com gelöscht."})
    erasure.refresh_from_db()
    assert (erasure.state, erasure.items.get(place="booking").state) == (Erasure.State.DONE, Item.State.BY_HAND)


@pytest.mark.parametrize("said", ["", "\x00", "keine Nummer", "0155", "9" * 300, "a@b@c", "-1", "0"])
def test_it_survives_whatever_is_typed(admin_client: Client, world: World, said: str) -> None:
    assert admin_client.post(PAGE, {"said": said, "company": ""}).status_code == 200
