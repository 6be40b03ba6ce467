"""A dead job with other arguments: what is asked, what is refused, and what both pages tell of each other."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from askpro.queues.models import Job
from tests.console.repair.rows import job
from tests.console.world import World

pytestmark = pytest.mark.django_db


def page(dead: Job) -> str:
    return f"/admin/board/job/{dead.pk}/edit/"


def said(kwargs: str, **more: str) -> dict[str, Any]:
    return {"kwargs": kwargs, "args": "[]", "reason": "Falsche Nummer", **more}


def test_both_pages_tell_of_each_other_and_of_the_difference(admin_client: Client, world: World) -> None:
    wrong, right = world.requests[0], world.requests[1]
    dead = job(kwargs={"request_id": wrong.pk, "company_id": wrong.company_id})

    answer = admin_client.post(
        page(dead), said(f'{{"request_id": {right.pk}, "company_id": {right.company_id}}}'), follow=True
    )

    new = Job.objects.get(options__replaces=str(dead.pk))
    dead.refresh_from_db()
    assert answer.redirect_chain[-1][0] == f"/admin/queues/job/{new.pk}/change/"
    assert (dead.status, dead.kwargs["request_id"], new.kwargs["request_id"]) == ("cancelled", wrong.pk, right.pk)
    for shown, other, title in ((dead, new, "Replaced by"), (new, dead, "In place of")):
        text = admin_client.get(f"/admin/queues/job/{shown.pk}/change/").content.decode()
        assert title in text and str(other.pk) in text and str(wrong.pk) in text and str(right.pk) in text
    assert "Falsche Nummer" in LogEntry.objects.get(object_id=str(dead.pk)).change_message


@pytest.mark.parametrize(
    ("kwargs", "sentence"),
    [
        ("", "Write an object"),
        ("{", "valid JSON"),
        ("[1]", "Write an object"),
        ('{"request_id": "x"}', "not int"),
        ('{"request_id": 1, "more": 2}', "unexpected keyword"),
        ("{}", "missing a required argument"),
        ('{"request_id": 7}', "These are its arguments"),
        ('{"request_id": "\\u0000"}', "valid JSON"),
    ],
)
def test_what_does_not_fit_is_refused_at_the_field(admin_client: Client, kwargs: str, sentence: str) -> None:
    dead = job(kwargs={"request_id": 7})
    answer = admin_client.post(page(dead), said(kwargs))
    assert answer.status_code == 200 and sentence in answer.content.decode()
    dead.refresh_from_db()
    assert (dead.status, Job.objects.count()) == ("dead", 1)


def test_the_guard_refuses_another_company_s_row(admin_client: Client, world: World) -> None:
    request = world.requests[0]
    other = next(each for each in world.companies if each.pk != request.company_id)
    dead = job(kwargs={"request_id": request.pk, "company_id": request.company_id})
    answer = admin_client.post(page(dead), said(f'{{"request_id": {request.pk}, "company_id": {other.pk}}}'))
    assert "does not belong" in answer.content.decode()
    dead.refresh_from_db()
    assert dead.status == "dead"


def test_a_reason_is_asked(admin_client: Client) -> None:
    dead = job(kwargs={"request_id": 7})
    assert admin_client.post(page(dead), said('{"request_id": 8}', reason=" ")).status_code == 200
    assert Job.objects.count() == 1


@pytest.mark.parametrize("status", ["queued", "completed", "cancelled"])
def test_only_a_dead_one_is_replaced(admin_client: Client, status: str) -> None:
    ours = job(status, kwargs={"request_id": 7})
    assert "not dead" in admin_client.post(page(ours), said('{"request_id": 8}')).content.decode()
    assert Job.objects.count() == 1
    assert page(ours) not in admin_client.get(f"/admin/queues/job/{ours.pk}/change/").content.decode()


def test_it_takes_its_permission(staff_with: Callable[..., Client]) -> None:
    dead = job(kwargs={"request_id": 7})
    for names in (("queues.view_job", "console.retry"), ("console.edit_arguments",)):
        client = staff_with(*names)
        assert (
            client.get(page(dead)).status_code == client.post(page(dead), said('{"request_id": 8}')).status_code == 403
        )
    client = staff_with("queues.view_job", "console.edit_arguments")
    assert page(dead) in client.get(f"/admin/queues/job/{dead.pk}/change/").content.decode()
    assert client.post(page(dead), said('{"request_id": 8}')).status_code == 302
