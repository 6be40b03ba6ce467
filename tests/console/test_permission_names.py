"""A permission is called in the reader's language where it is given, whoever made it."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import translation

from askpro.console.permission_names import told


@pytest.mark.django_db
def test_every_permission_has_its_german() -> None:
    permissions = list(Permission.objects.select_related("content_type"))
    ours = [each for each in permissions if each.content_type.app_label not in ("admin", "contenttypes", "sessions")]

    for permission in ours:
        with translation.override("en"):
            english = told(permission)
        with translation.override("de"):
            assert told(permission).partition(": ")[2] != english.partition(": ")[2], permission


def test_the_form_of_a_group_offers_them(admin_client: Client) -> None:
    page = admin_client.get("/admin/auth/group/add/", HTTP_ACCEPT_LANGUAGE="de").content.decode()

    assert "Anruf: ansehen" in page
    assert "Can view" not in page
