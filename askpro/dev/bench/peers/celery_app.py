"""What `celery -A askpro.dev.bench.peers.celery_app` loads: Django, then the tasks."""

import django

django.setup()

from askpro.dev.bench.peers.celery_tasks import app  # noqa: E402 - it needs Django

__all__ = ["app"]
