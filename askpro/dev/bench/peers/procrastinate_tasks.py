"""procrastinate: jobs in PostgreSQL, workers woken by NOTIFY."""

from procrastinate.contrib.django import app

from askpro.dev.bench import work
from askpro.dev.bench.pressure import marks, mix


@app.task
def empty() -> None:
    work.nothing()


@app.task
def start() -> None:
    work.tell_start()


send = {"empty": empty.defer, "start": start.defer}


@app.task
def pressed(milliseconds: int, sent: int) -> None:
    marks.tell_start(sent)
    mix.rest(milliseconds)
