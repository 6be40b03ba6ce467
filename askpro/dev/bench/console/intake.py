"""Webhook events, and what is counted of them."""

import json
from typing import Final

from askpro.dev.bench.console.filling import Fixed, fill, noise, one_of
from askpro.dev.bench.console.phone import at, call_id
from askpro.dev.bench.console.salons import of_call
from askpro.dev.bench.console.scale import COMPANIES, Scale
from webhooks.models import Arrivals, RefusedWebhook, WebhookEvent

BODY: Final = json.dumps(
    {"event": "call_ended", "call": {"call_id": "call_1", "transcript": "Agent: Guten Tag. " * 20}}
)
HOURS_OF_ARRIVALS: Final = 24 * 35


def fill_events(scale: Scale) -> None:
    """Two of each call: its end, and its analysis."""
    call = "((n + 1) / 2)"
    came = f"({at(call, scale)} + interval '92 seconds' * (1 + n % 2))"
    fill(
        WebhookEvent,
        scale.events,
        provider="'retell'",
        event_type=one_of("call_ended", "call_analyzed"),
        event_key=f"{one_of('call_ended:', 'call_analyzed:')} || {call_id(call)}",
        subject=call_id(call),
        status=(
            "CASE WHEN n % 2000 = 0 THEN 'failed' WHEN n % 3001 = 0 THEN 'unassigned'"
            " WHEN n % 5003 = 0 THEN 'conflict' WHEN n % 701 = 0 THEN 'invalid' WHEN n % 40 = 0 THEN 'ignored'"
            " ELSE 'processed' END"
        ),
        company_id=f"CASE WHEN n % 3001 <> 0 THEN {of_call(call)} END",
        body=Fixed(BODY.encode()),
        body_sha256="md5(n::text) || md5((-n)::text)",
        content_type="'application/json'",
        headers=Fixed({"Content-Type": "application/json", "User-Agent": "axios/1.7"}),
        verified_by="'3f9a11c2'",
        occurred_at=came,
        received_at=f"least({came}, now())",
        processed_at=f"least({came}, now())",
        duplicates="CASE WHEN n % 30 = 0 THEN 1 ELSE 0 END",
    )
    fill(
        Arrivals,
        COMPANIES * HOURS_OF_ARRIVALS,
        company_id=f"1 + (n - 1) % {COMPANIES}",
        provider="'retell'",
        hour=f"date_trunc('hour', now()) - interval '1 hour' * ((n - 1) / {COMPANIES})",
        subjects=f"{noise('arrivals')} % 9",
        events=f"{noise('arrivals')} % 18",
    )
    fill(
        RefusedWebhook,
        scale.events // 200,
        provider=one_of("retell", "calcom", "twilio"),
        reason="'bad_signature'",
        hour="date_trunc('hour', now()) - interval '1 hour' * (n / 10)",
        address_prefix="'203.0.' || n % 10 || '.0/24'",
        count="n % 400 + 1",
    )
