"""The look of the console and its navigation, as django-unfold wants it in `settings.UNFOLD`."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def may_view(label: str) -> Any:
    """Whether an entry of the navigation shows: for who may see the rows behind it."""
    app_label, name = label.split(".")

    def allowed(request: HttpRequest) -> bool:
        return any(request.user.has_perm(f"{app_label}.{verb}_{name}") for verb in ("view", "change"))

    return allowed


def may_erase_or_export(request: HttpRequest) -> bool:
    return any(request.user.has_perm(f"privacy.{verb}_person") for verb in ("erase", "export"))


def entry(title: str, icon: str, label: str) -> dict[str, Any]:
    """A line of the navigation that leads to a model's list."""
    link = reverse_lazy(f"admin:{label.replace('.', '_')}_changelist")
    return {"title": title, "icon": icon, "link": link, "permission": may_view(label)}


def page(title: str, icon: str, name: str, label: str) -> dict[str, Any]:
    """A line of the navigation that leads to a page of its own; `label` is the model that one may see then."""
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{name}"), "permission": may_view(label)}


def logo(request: HttpRequest) -> str:
    return static("console/logo.svg")


def theme(request: HttpRequest) -> str:
    return static("console/theme.css")


def styles(request: HttpRequest) -> str:
    return static("console/console.css")


def access(request: HttpRequest) -> str:
    return static("console/access.js")


NAVIGATION: list[dict[str, Any]] = [
    {
        "items": [
            {"title": "Today", "icon": "dashboard", "link": reverse_lazy("admin:index")},
            page("Calendar", "calendar_month", "calendar", "appointments.appointment"),
        ]
    },
    {
        "title": "Work",
        "items": [
            entry("Follow-ups", "phone_callback", "appointments.followup"),
            entry("Calls", "call", "calls.call"),
            entry("Requests", "event_note", "calls.bookingrequest"),
            entry("Appointments", "event", "appointments.appointment"),
            entry("Freed times", "event_available", "appointments.freedtime"),
            entry("Waiting list", "hourglass_top", "appointments.waitingentry"),
            entry("Customers", "group", "calls.customer"),
            entry("Merges", "merge", "calls.customermerge"),
            entry("Messages", "sms", "notifications.notification"),
            page("Deliveries", "outgoing_mail", "deliveries", "notifications.notification"),
            page("Reports", "insights", "reports", "appointments.dailycount"),
            entry("Daily counts", "bar_chart", "appointments.dailycount"),
        ],
    },
    {
        "title": "Operations",
        "items": [
            page("Queues", "stacks", "queue_board", "queues.job"),
            page("Metrics", "monitoring", "metrics", "queues.metricssnapshot"),
            page("Top", "leaderboard", "top", "queues.runcost"),
            entry("Slow runs", "timer", "queues.slowrun"),
            page("Failures", "error", "failures", "queues.job"),
            entry("Jobs", "settings", "queues.job"),
            entry("Archived jobs", "archive", "queues.archivedjob"),
            entry("Batches", "inventory_2", "queues.batch"),
            entry("Schedule", "schedule", "queues.schedule"),
            entry("Webhook events", "webhook", "webhooks.webhookevent"),
            entry("Refused webhooks", "block", "webhooks.refusedwebhook"),
            entry("Webhook addresses", "link", "webhooks.webhookaddress"),
            entry("Retell accounts", "sync", "webhooks.retellreading"),
        ],
    },
    {
        "title": "Alerts",
        "items": [
            entry("Incidents", "emergency_home", "watch.incident"),
            entry("Mutes", "notifications_off", "watch.mute"),
            entry("Told", "campaign", "watch.notice"),
        ],
    },
    {
        "title": "Fleet",
        "items": [
            page("Fleet", "dns", "fleet_board", "queues.supervisor"),
            entry("Workers", "memory", "queues.worker"),
            entry("Supervisors", "host", "queues.supervisor"),
            entry("Pauses", "pause_circle", "queues.pause"),
            entry("Commands", "terminal", "queues.fleetcommand"),
            entry("Events", "notifications", "queues.fleetevent"),
        ],
    },
    {
        "title": "Privacy",
        "items": [
            {
                "title": "Export or erase a person",
                "icon": "person_remove",
                "link": reverse_lazy("admin:person"),
                "permission": may_erase_or_export,
            },
            entry("Erasures", "delete_forever", "privacy.erasure"),
            entry("Reads", "visibility", "privacy.read"),
            entry("Deletions", "auto_delete", "privacy.retentionrun"),
        ],
    },
    {
        "title": "Set-up",
        "collapsible": True,
        "items": [
            entry("Companies", "storefront", "calls.company"),
            entry("Branches", "location_on", "calls.branch"),
            entry("Closed days", "event_busy", "calls.closedday"),
            entry("Phone numbers", "dialpad", "calls.phonenumber"),
            entry("Staff", "badge", "calls.staff"),
            entry("Services", "content_cut", "calls.service"),
            entry("Days to keep", "hourglass_bottom", "privacy.retentionrule"),
            entry("Message texts", "edit_note", "notifications.messagetemplate"),
            entry("API tokens", "key", "api.apitoken"),
            entry("Users", "manage_accounts", "auth.user"),
            entry("Groups", "shield_person", "auth.group"),
        ],
    },
]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "AskPro",
    "SITE_HEADER": "AskPro",
    "SITE_SUBHEADER": "Calls become appointments",
    "SITE_URL": None,
    "SITE_ICON": logo,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": logo}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [theme, styles],
    "SCRIPTS": [access],
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": reverse_lazy("admin:language")},
    "COMMAND": {"show_history": False},
    "SIDEBAR": {"show_search": True, "command_search": True, "navigation": NAVIGATION},
}
