"""procrastinate: jobs in PostgreSQL, workers woken by NOTIFY."""

from procrastinate.contrib.django import app

from askpro.dev.bench import work


@app.task
def empty() -> None:
    work.nothing()


@app.task
def start() -> None:
    work.tell_start()


send = {"empty": empty.defer, "start": start.defer}
