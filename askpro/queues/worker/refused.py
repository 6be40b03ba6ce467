"""Middleware that has no place in this broker, each with what does its work."""

from django_dramatiq.middleware import AdminMiddleware
from dramatiq import Middleware
from dramatiq.middleware import AgeLimit, AsyncIO, Callbacks, GroupCallbacks, Pipelines, Retries

# Dramatiq swallows an exception in a hook, and a retry or a callback would be lost with it.
INSTEAD: dict[type[Middleware], str] = {
    Retries: "settle retries (max_retries, backoff or min_backoff and max_backoff, retry_when)",
    Callbacks: "settle sends on_success and on_failure",
    Pipelines: "use chain, whose steps are rows",
    GroupCallbacks: "use Batch, which has on_success, on_failure and on_finish",
    AgeLimit: "give actors expires or deadline",
    AsyncIO: "a job is a plain function; inside, asgiref.sync.async_to_sync runs a coroutine",
    AdminMiddleware: "the ledger keeps every job and run (askpro.queues.models.Job)",
}


def refuse(middleware: Middleware) -> None:
    """Raises `ValueError` for what would do nothing here, or do it a second time."""
    name = type(middleware).__name__
    for kind, cure in INSTEAD.items():
        if isinstance(middleware, kind):
            raise ValueError(f"{name} has no place here: {cure}. Remove it.")
    if middleware.forks:
        raise ValueError(f"{name} has no place here: queues_run starts no processes of middleware (forks). Remove it.")
