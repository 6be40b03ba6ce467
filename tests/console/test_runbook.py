"""The runbook is read in the console, by who may see incidents, as far as it goes."""

from collections.abc import Callable

import pytest
from django.test import Client

from askpro.watch.conditions.registry import every_condition

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("code", sorted(each.code for each in every_condition()))
def test_each_condition_has_a_page_without_marks_that_nobody_reads(admin_client: Client, code: str) -> None:
    blocks = admin_client.get(f"/admin/board/runbook/{code}/").context["blocks"]

    assert any(block.is_code for block in blocks) and any("<strong>Meaning.</strong>" in block.text for block in blocks)
    assert not any(mark in block.text for block in blocks for mark in ("**", "```", "](#"))


@pytest.mark.parametrize("code", ["nothing", "../secrets", "dead-jobs"])
def test_the_runbook_has_no_other_pages(admin_client: Client, code: str) -> None:
    assert admin_client.get(f"/admin/board/runbook/{code}/").status_code in (302, 404)


def test_a_section_of_the_runbook_is_read_with_its_commands_and_links(admin_client: Client) -> None:
    answer = admin_client.get("/admin/board/runbook/canary_missing/")

    for words in ("<strong>Meaning.</strong>", "python3 manage.py queues_health", "/admin/board/runbook/queue_depth/"):
        assert words in answer.content.decode()


@pytest.mark.parametrize(("permission", "status"), [("watch.view_incident", 200), ("queues.view_job", 403)])
def test_it_is_for_those_who_see_incidents(staff_with: Callable[..., Client], permission: str, status: int) -> None:
    assert staff_with(permission).get("/admin/board/runbook/disk_full/").status_code == status
