"""Celery with its broker in Redis and its results in PostgreSQL."""

from celery import Celery
from django.conf import settings

from askpro.dev.bench import work

app = Celery("bench", broker=settings.REDIS_URL, backend="django-db")
app.conf.update(
    broker_transport_options={"global_keyprefix": f"{settings.REDIS_KEY_PREFIX}:celery:"},
    # The row also stores the task's name and arguments.
    result_extended=True,
    # So that a process never waits for the next message; its own default is 4.
    worker_prefetch_multiplier=64,
    worker_hijack_root_logger=False,
    # Otherwise it reconnects to PostgreSQL for every task, which took nine tenths of its time.
    CELERY_DB_REUSE_MAX=1_000_000_000,
)


@app.task
def empty() -> None:
    work.nothing()


@app.task
def start() -> None:
    work.tell_start()


send = {"empty": empty.delay, "start": start.delay}
