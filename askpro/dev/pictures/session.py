"""One session of taking pictures: the week, a log-in, the walk, and the camera."""

from argparse import Namespace
from datetime import datetime
from typing import Final

from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from askpro.dev.pictures import readme
from askpro.dev.pictures.camera import Camera
from askpro.dev.pictures.clock import tuesday_morning
from askpro.dev.pictures.server import Ports, product, sandbox
from askpro.dev.pictures.walk import Found, names, one_in_each_state, page_of, walk
from askpro.dev.pictures.week.make import make_week
from askpro.dev.pictures.week.rows import Week
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.management.commands.demo_call import PLAIN
from askpro.queues.models import Job
from notifications.links import link_for

USER: Final = "Käthe"
# They call while the pictures are taken, so that the sandbox has something to show.
CALLERS: Final = (3, 8, 21)


def take(options: Namespace, http: int, smtp: int) -> list[str]:
    """Take the pictures that the command's `options` ask for; returns what was wrong with pages."""
    with tuesday_morning() as now:
        week = make_week(now)
        with product() as url, sandbox(Ports(http, smtp), url) as stand_ins:
            _call(stand_ins, now)
            client = _logged_in()
            cookies = [_cookie(client, url)]
            if options.readme:
                readme.take(options.folder, url, cookies, week)
                return []
            pages = list(walk(client, _beginnings(week)))
            missed = sorted(names() - {page.name for page in pages})
            print(f"{len(pages)} pages. Met by no link: {', '.join(missed)}", flush=True)
            pages.append(Found("sandbox", f"{stand_ins.url}/sandbox/"))
            chosen = [page for page in pages if any(part in page.name for part in options.only)]
            camera = Camera(options.folder, cookies, options.languages, options.themes, options.widths)
            camera.take(url, chosen)
            return camera.complaints


def _call(stand_ins: SandboxClient, now: datetime) -> None:
    """Callers talk to the agent. Their jobs are never run; they are as new as the calls, by the clock that stands."""
    for seed in CALLERS:
        stand_ins.talk(seed, **PLAIN)
    Job.objects.filter(created_at__gt=now).update(created_at=now, ready_at=now)


def _logged_in() -> Client:
    user = get_user_model().objects.create_superuser("k.gruen", first_name=USER, password="none")
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(user)
    return client


def _cookie(client: Client, url: str) -> dict[str, str]:
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}


def _beginnings(week: Week) -> list[str]:
    """The pages that tell the most of their kind, before others of it are met; then a row in each state, since what
    can be done to it depends on its state."""
    booked, dead = week.booked_last, next(job for job in week.jobs if job.status == "dead")
    best = [booked.call, booked, booked.customer, dead, week.follow_ups[-1], week.companies[0]]
    page = link_for(booked)
    own = [page_of(row) for row in best if row]
    return [reverse("admin:index"), *own, *one_in_each_state(), page[page.index("/t/") :]]
