"""Dead jobs whose rows are gone are found by what is still told of them."""

import pytest
from django.test import Client
from django.urls import reverse

from askpro.queues.models import ArchivedJob
from tests.console.world import World
from tests.plans import plans

pytestmark = pytest.mark.django_db
TABLE = ArchivedJob._meta.db_table
LIST = "/admin/queues/archivedjob/"


def found(client: Client, asked: str) -> list[object]:
    return [row.pk for row in client.get(LIST, {"q": asked}).context["cl"].result_list]


def test_by_id_and_by_tag(admin_client: Client, world: World) -> None:
    row = ArchivedJob.objects.get()
    assert found(admin_client, str(row.pk)) == found(admin_client, "call:17") == [row.pk]
    assert found(admin_client, "call:1") == found(admin_client, "send_sms") == []


def test_a_tag_is_found_by_its_index(admin_client: Client, world: World) -> None:
    assert any("archived_job_tags" in plan for plan in plans(lambda: found(admin_client, "call:17"), TABLE))


def test_its_page_tells_what_it_was_and_of_what_it_died(admin_client: Client, world: World) -> None:
    row = ArchivedJob.objects.get()
    page = admin_client.get(reverse("admin:queues_archivedjob_change", args=[row.pk])).content.decode()
    assert "notification_id" in page and "Refused" in page and "cannot be retried any more" in page
    assert "<script>window" not in page and "window.hacked" in page
