"""`python -m tests.queues.run`: `manage.py queues_run` with the actors of the modules in TEST_ACTORS."""

import os
import signal
import sys
from importlib import import_module

import django
from django.core.management import call_command

from askpro.queues.fleet import state

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.queues.process_settings")

if __name__ == "__main__":
    if seconds := os.environ.get("TEST_SILENT_AFTER"):
        # Before anything else imports it.
        state.SILENT_AFTER = float(seconds)
    django.setup()
    for module in os.environ.get("TEST_ACTORS", "tests.queues.actors,tests.queues.hostile").split(","):
        import_module(module)
    if os.environ.get("TEST_OTHER_SYSTEM"):
        del os.memfd_create, signal.sigtimedwait
        sys.platform = "elsewhere"
    call_command("queues_run")
