import os
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Bring the schema and the static files up to date and make the log-in of ASKPRO_ADMIN_USER, if it is new."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=1, stdout=self.stdout)
        call_command("collectstatic", interactive=False, verbosity=0, stdout=self.stdout)
        name, password = os.environ.get("ASKPRO_ADMIN_USER"), os.environ.get("ASKPRO_ADMIN_PASSWORD")
        if name and password:
            self.stdout.write(f"log-in: {self._log_in(name, password)}")

    def _log_in(self, name: str, password: str) -> str:
        """A password that a person has set is kept: `changed` means that the environment's no longer works."""
        users = get_user_model()._default_manager
        user = users.filter(username=name).first()
        if user is None:
            users.create_superuser(username=name, password=password)
            return "made"
        return "as made" if user.check_password(password) else "changed"
