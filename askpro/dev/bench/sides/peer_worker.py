"""What `dramatiq askpro.dev.bench.sides.peer_worker:broker` loads: Django, then the peer's broker and actors."""

import os

import django

django.setup()

from askpro.dev.bench.sides.peer import GROUPS, NAME, Peer  # noqa: E402 - its models need Django

broker = Peer(os.environ[NAME], groups=bool(os.environ.get(GROUPS))).broker
