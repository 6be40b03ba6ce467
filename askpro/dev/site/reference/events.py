"""Webhooks: which event is worked on by which job, and which are ignored and why."""

from typing import Final

from appointments.calcom import event as calcom
from askpro.dev.site.reference.markdown import WRITTEN, code, table
from calls.functions.serving import SERVED
from calls.retell import event as retell
from webhooks.door.vendors import VENDORS
from webhooks.models import Provider
from webhooks.models.refused import RefusedWebhook

ABOUT: Final = """# Events of webhooks

[webhooks.md](../webhooks.md) says how a request is checked and answered, and what becomes of an event.
[jobs.md](../jobs.md) has each job.

"""
IGNORED: Final = {Provider.RETELL: retell.IGNORED, Provider.CALCOM: calcom.IGNORED}


def page() -> str:
    """The page."""
    refused = table(
        ["reason", "meaning"], ([code(reason.value), str(reason.label)] for reason in RefusedWebhook.Reason)
    )
    functions = table(["function"], ([code(function.value)] for function in SERVED))
    return (
        WRITTEN
        + ABOUT
        + "\n".join(_vendor(provider) for provider in Provider)
        + f"\n## Functions of a voice agent\n\n`POST /webhooks/retell/functions/NAME/`\n\n{functions}"
        + f"\n## Why a request is refused\n\n{refused}"
    )


def _vendor(provider: Provider) -> str:
    jobs = VENDORS[provider].jobs.items()
    rows = [[code(str(event)), f"worked on by {code(actor.actor_name)}"] for event, actor in jobs]
    rows += [[code(event), f"kept, not worked on: {why}"] for event, why in IGNORED.get(provider, {}).items()]
    rows += [[code(retell.INBOUND), "answered at once"]] if provider == Provider.RETELL else []
    return f"## {provider.label}\n\n`POST /webhooks/{provider.value}/`\n\n" + table(["event", "what happens"], rows)
