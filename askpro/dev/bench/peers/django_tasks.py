"""django-tasks (what became Django 6's tasks) with its database backend."""

from django_tasks import task

from askpro.dev.bench import work


@task
def empty() -> None:
    work.nothing()


@task
def start() -> None:
    work.tell_start()


send = {"empty": empty.enqueue, "start": start.enqueue}
