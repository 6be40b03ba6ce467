"""What there is little of, and what people did: one row at least of each table that has a page."""

from datetime import timedelta
from typing import Any, Final

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from askpro.api.models import ApiToken
from askpro.console.models import Deed
from askpro.console.repair.models import Repair, RepairItem
from askpro.dev.bench.console.filling import Fixed, fill, one_of
from askpro.dev.bench.console.scale import COMPANIES, Scale
from askpro.privacy.models import Erasure, Read, RetentionRule, RetentionRun
from askpro.queues.models import (
    ArchivedJob,
    Batch,
    FleetCommand,
    FleetEvent,
    Pause,
    Schedule,
    Supervisor,
    Worker,
)
from askpro.watch.models import Incident, Mute, Notice, Watcher
from calls.models import Call, Customer, CustomerMerge
from notifications.models import MessageTemplate
from webhooks.models import RetellReading, WebhookAddress

ADMIN: Final = "bench"


def fill_people(scale: Scale) -> None:
    """Who asks for the pages, and what people did and looked at."""
    User.objects.create_superuser(ADMIN)
    done = f"now() - interval '1 second' * ({scale.events // 5} - n)"
    kind = ContentType.objects.get_for_model(Call)
    fill(
        LogEntry,
        scale.events // 5,
        action_time=done,
        user_id="1",
        content_type_id=str(kind.pk),
        object_id="n",
        object_repr="'A call'",
        action_flag=str(CHANGE),
        change_message="'Looked again.'",
    )
    fill(
        Deed,
        scale.events // 5,
        at=done,
        who=f"'{ADMIN}'",
        act=one_of("retry", "replay", "move", "cancel"),
        reason="'Cal.com is back.'",
        company_id=f"1 + n % {COMPANIES}",
        content_type_id=str(kind.pk),
        object_id="n",
        name="'A call'",
        address="'203.0.113.7'",
    )
    fill(
        Read,
        scale.events // 2,
        who=f"'{ADMIN}'",
        kind="'calls.call'",
        object_id="n",
        company_id=f"1 + n % {COMPANIES}",
        page="'page'",
        hour=f"date_trunc('hour', now()) - interval '1 hour' * ({scale.events // 2} - n) / 600",
        first_at="now()",
        last_at="now()",
        count="1",
    )


def fill_fleet(scale: Scale) -> None:
    now = timezone.now()
    shared: dict[str, Any] = {"process_started_at": 1.0, "environment": "production", "code_version": "v1"}
    for host, status in (("askpro-01", "running"), ("askpro-02", "running"), ("askpro-03", "stopped")):
        host_row = Supervisor.objects.create(host=host, pid=4711, status=status, **shared)
        for place in range(4):
            made: dict[str, Any] = {"supervisor": host_row, "pool": "urgent", "host": host, "pid": 5000 + place}
            Worker.objects.create(status=status, code_version="v1", **made)
    FleetCommand.objects.create(supervisor=host_row, kind="restart", by=ADMIN, taken_at=now)
    fill(
        FleetEvent,
        scale.jobs // 100,
        kind=one_of("queue_late", "queue_well", "recycled"),
        text="'The queue is late.'",
        about=one_of("critical", "high", "low"),
        at=f"now() - interval '1 second' * ({scale.jobs // 100} - n)",
    )
    Pause.objects.create(kind="actor", name="send_report", by=ADMIN, reason="The figures are being checked.")
    fill(Batch, scale.jobs // 1000, id="gen_random_uuid()", name="'Recount'", status="'finished'", total="30")
    fill(
        ArchivedJob,
        scale.dead_jobs,
        id="gen_random_uuid()",
        actor_name=one_of("send_sms_notification", "count_request"),
        queue_name=one_of("notifications", "low"),
        tags="ARRAY['call:' || n]",
        error_class="'builtins.ValueError'",
        created_at="now() - interval '100 days'",
        finished_at="now() - interval '100 days'",
        story=Fixed({"args": [], "kwargs": {"call_id": 1}, "attempts": []}),
    )
    Schedule.objects.get_or_create(
        name="recount", defaults={"cron": "30 3 * * *", "timezone": "Europe/Berlin", "actor_name": "recount_all"}
    )


def fill_watch(scale: Scale) -> None:
    now = timezone.now()
    Watcher.objects.create(host="askpro-01", pid=99, started_at=now - timedelta(days=3), beat_at=now)
    fill(
        Incident,
        scale.jobs // 200,
        id="gen_random_uuid()",
        code=one_of("promise_broken", "gate_shut", "disk_full"),
        about="'about ' || n",
        severity=one_of("warning", "critical"),
        status="CASE WHEN n % 2000 = 0 THEN 'open' ELSE 'over' END",
        began_at="now() - interval '1 minute' * n",
        seen_at="now() - interval '1 minute' * n",
        over_at="CASE WHEN n % 2000 <> 0 THEN now() - interval '1 minute' * n END",
    )
    fill(
        Notice,
        scale.jobs // 200,
        id="gen_random_uuid()",
        kind=one_of("began", "over"),
        severity="'warning'",
        subject="'A queue is late'",
        text="'A queue is late.'",
        short="'A queue is late'",
        created_at="now() - interval '1 minute' * n",
    )
    Mute.objects.create(
        code="disk_full", about="", until=now + timedelta(hours=3), reason="Known.", by=ADMIN, created_at=now
    )


def fill_acts(scale: Scale) -> None:
    """Repairs, erasures, and the settings that people make."""
    fill(Repair, 500, kind="'jobs'", verb="'retry'", status="'finished'", reason="'Cal.com is back'", total="200")
    fill(
        RepairItem,
        100_000,
        repair_id="1 + n % 500",
        key="md5(n::text)::uuid::text",
        status=one_of("done", "done", "skipped", "failed"),
        handled_at="now()",
    )
    first, second = Customer.objects.filter(company=1)[:2]
    CustomerMerge.objects.create(company_id=1, kept=first, lost=second)
    Erasure.objects.create(company_id=1, who=ADMIN, state="done")
    RetentionRule.objects.create(company_id=1, kind="transcripts", days=30)
    RetentionRun.objects.create(kind="transcripts", by=ADMIN)
    MessageTemplate.objects.create(company_id=1, kind="confirmation", channel="sms", text="Ihr Termin steht.")
    WebhookAddress.objects.create(company_id=1, provider="calcom")
    RetellReading.objects.create(fingerprint="0123456789ab", read_until=timezone.now())
    ApiToken.objects.create(company_id=1, name="Website", token_sha256="0" * 64, hint="abcd")
