"""A run of `bench --console`."""

from collections.abc import Iterator
from typing import Final

from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from rich.console import Console

from askpro.dev.bench.console import stock
from askpro.dev.bench.console.addresses import Address, addresses, links
from askpro.dev.bench.console.asking import Asked, first, take_time
from askpro.dev.bench.console.few import ADMIN
from askpro.dev.bench.console.report import Report, print_json, print_table
from askpro.dev.bench.console.scale import Scale
from askpro.dev.bench.machine import describe
from askpro.dev.bench.sides.meter import Meter
from askpro.queues.models import Supervisor
from askpro.watch.models import Watcher

# Each address is opened once beforehand; these count.
ROUNDS: Final = (10, 2)


def run(scale: Scale, rounds: int, *, as_json: bool, pages: str = "") -> None:
    """Fill the tables, open every page with `pages` in its name so often, and print what it took."""
    told = Console(stderr=True, highlight=False)
    call_command("migrate", run_syncdb=True, verbosity=0)
    for step in stock.fill(scale):
        told.print(step)
    _beat()
    # Ten rounds take longer than a session lasts elsewhere.
    connection.settings_dict["CONN_MAX_AGE"] = None
    connection.close()
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.get(username=ADMIN))
    # What each process keeps for all pages.
    ContentType.objects.get_for_models(*apps.get_models())
    told.print("pages")
    found = [page for page in looked_at(client, pages) if page.is_page or page.status >= 500]
    meter = Meter()
    for number in range(rounds):
        told.print(f"round {number + 1} of {rounds}, {len(found)} addresses")
        for page in found:
            take_time(client, page)
    report = Report(describe(), scale, found, meter.read().strangers)
    (print_json if as_json else print_table)(report)


def looked_at(client: Client, only: str = "") -> Iterator[Asked]:
    """Every page, looked at once; also what it leads to on itself. `only` is a part of the names of pages."""
    seen: set[Address] = set()
    for address in addresses():
        if address in seen or only not in address.page:
            continue
        seen.add(address)
        asked, text = first(client, address)
        yield asked
        for link in links(address, text):
            if link not in seen:
                seen.add(link)
                yield first(client, link)[0]


def _beat() -> None:
    """Hosts and the watch are as alive as when the rows were written."""
    now = timezone.now()
    Supervisor.objects.filter(status=Supervisor.Status.RUNNING).update(beat_at=now)
    Watcher.objects.update(beat_at=now)
