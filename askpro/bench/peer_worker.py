"""What `dramatiq askpro.bench.peer_worker:broker` loads: Django, then the peer's broker and actors."""

import os

import django

django.setup()

from askpro.bench.peer import NAME, Peer  # noqa: E402 - its models need Django

broker = Peer(os.environ[NAME]).broker
