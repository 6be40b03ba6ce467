"""Jobs that use what Dramatiq offers inside a job; loaded by the processes of its own commands."""

import time

from dramatiq.middleware import CurrentMessage

from askpro.queues import S, actor
from tests.queues.actors import effect


@actor(queue_name="default")
def knows_its_message() -> None:
    message = CurrentMessage.get_current_message()
    assert message is not None
    effect(message.message_id)


@actor(queue_name="default", notify_shutdown=True, time_limit=60 * S)
def listens() -> None:
    effect("listens")
    while True:
        time.sleep(0.02)


@actor(queue_name="default", priority=7)
def less_urgent() -> None: ...
