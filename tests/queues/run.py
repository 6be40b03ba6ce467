"""`python -m tests.queues.run`: `manage.py queues_run` with the tests' actors."""

import os

import django
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.queues.process_settings")

if __name__ == "__main__":
    django.setup()
    from tests.queues import actors, hostile  # noqa: F401 - declares them

    call_command("queues_run")
