"""Users of the console, and the rows that they see."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from askpro.console.models import Access
from askpro.console.permissions import May
from tests.console import copied
from tests.console.world import World


@pytest.fixture
def world(db: None) -> World:
    return copied.world()


@pytest.fixture
def staff_with(db: None) -> Callable[..., Client]:
    """A log-in of an operator with these permissions, such as "calls.view_call", who reads personal data."""

    def log_in(*names: str) -> Client:
        user = User.objects.create_user(f"staff-{User.objects.count()}", password="x", is_staff=True)
        for name in (May.SEE_PEOPLE, *names):
            app_label, codename = name.split(".")
            user.user_permissions.add(Permission.objects.get(content_type__app_label=app_label, codename=codename))
        Access.objects.create(user=user, is_operator=True)
        client = Client()
        client.force_login(user)
        return client

    return log_in
