"""The look of the console and its navigation, as django-unfold wants it in `settings.UNFOLD`."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _

from askpro.language.text import Text


def may_view(label: str) -> Any:
    """Whether an entry of the navigation shows: for who may see the rows behind it."""
    app_label, name = label.split(".")

    def allowed(request: HttpRequest) -> bool:
        return any(request.user.has_perm(f"{app_label}.{verb}_{name}") for verb in ("view", "change"))

    return allowed


def may_erase_or_export(request: HttpRequest) -> bool:
    return any(request.user.has_perm(f"privacy.{verb}_person") for verb in ("erase", "export"))


def may_give_log_ins(request: HttpRequest) -> bool:
    # Imported here: settings read this module, before there are models.
    from askpro.console.logins.giver import may_give

    return may_give(request.user)


def line(title: Text, icon: str, name: str, permission: Callable[[HttpRequest], bool] | None = None) -> dict[str, Any]:
    """A line of the navigation that leads to the page of this name; without a permission, everybody's."""
    found = {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{name}")}
    return found if permission is None else {**found, "permission": permission}


def entry(title: Text, icon: str, label: str) -> dict[str, Any]:
    """A line of the navigation that leads to a model's list."""
    return line(title, icon, f"{label.replace('.', '_')}_changelist", may_view(label))


def page(title: Text, icon: str, name: str, label: str) -> dict[str, Any]:
    """A line of the navigation that leads to a page of its own; `label` is the model that one may see then."""
    return line(title, icon, name, may_view(label))


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """What the reader may open, with the line lit that the page belongs to.

    The theme could read `NAVIGATION` itself; it would copy all of it and find each address again for every page.
    """
    lit = lit_link(request.path)
    return [
        {**group, "items": [_shown(item, link, lit) for item, link in lines if may_open(item, request)]}
        for group, lines in _groups()
    ]


def may_open(item: dict[str, Any], request: HttpRequest) -> bool:
    """Whether this line of `NAVIGATION` is for the reader."""
    return "permission" not in item or bool(item["permission"](request))


def lit_link(path: str) -> str:
    """The address of the line that is lit on the page at this path: of those that the path begins with, the longest;
    empty where there is none.

    Every path begins with the address of the front page, which is therefore lit on its own page only.
    """
    front = reverse("admin:index")
    links = (link for _group, lines in _groups() for _item, link in lines)
    begun = [link for link in links if path.startswith(link) and (link != front or path == front)]
    return max(begun, key=len, default="")


def title_of(link: str) -> Text:
    """What the line that leads to this address is called; empty where there is none."""
    return next((item["title"] for _group, lines in _groups() for item, led in lines if led == link), "")


@cache
def _groups() -> list[tuple[dict[str, Any], list[tuple[dict[str, Any], str]]]]:
    return [(group, [(item, str(item["link"])) for item in group["items"]]) for group in NAVIGATION]


def _shown(item: dict[str, Any], link: str, lit: str) -> dict[str, Any]:
    return {"title": item["title"], "icon": item["icon"], "link": link, "active": link == lit}


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
            line(_("Today"), "dashboard", "index"),
            page(_("Calendar"), "calendar_month", "calendar", "appointments.appointment"),
        ]
    },
    {
        "title": _("Work"),
        "items": [
            entry(_("Follow-ups"), "phone_callback", "appointments.followup"),
            entry(_("Calls"), "call", "calls.call"),
            entry(_("Booking requests"), "event_note", "calls.bookingrequest"),
            entry(_("Appointments"), "event", "appointments.appointment"),
            entry(_("Freed times"), "event_available", "appointments.freedtime"),
            entry(_("Waiting list"), "hourglass_top", "appointments.waitingentry"),
            entry(_("Customers"), "group", "calls.customer"),
            entry(_("Merges"), "merge", "calls.customermerge"),
            entry(_("Messages"), "sms", "notifications.notification"),
            page(_("Deliveries"), "outgoing_mail", "deliveries", "notifications.notification"),
            page(_("Reports"), "insights", "reports", "appointments.dailycount"),
            entry(_("Daily counts"), "bar_chart", "appointments.dailycount"),
        ],
    },
    {
        "title": _("Operations"),
        "items": [
            page(_("Queues"), "stacks", "queue_board", "queues.job"),
            page(_("Metrics"), "monitoring", "metrics", "queues.metricssnapshot"),
            page(_("Top"), "leaderboard", "top", "queues.runcost"),
            entry(_("Slow runs"), "timer", "queues.slowrun"),
            page(_("Failures"), "error", "failures", "queues.job"),
            page(_("Repair"), "build", "repair_first", "queues.job"),
            entry(_("Jobs"), "settings", "queues.job"),
            entry(_("Archived jobs"), "archive", "queues.archivedjob"),
            entry(_("Batches"), "inventory_2", "queues.batch"),
            entry(_("Schedule"), "schedule", "queues.schedule"),
            entry(_("Webhook events"), "webhook", "webhooks.webhookevent"),
            entry(_("Refused webhooks"), "block", "webhooks.refusedwebhook"),
            entry(_("Webhook addresses"), "link", "webhooks.webhookaddress"),
            entry(_("Retell accounts"), "sync", "webhooks.retellreading"),
        ],
    },
    {
        "title": _("Alerts"),
        "items": [
            entry(_("Incidents"), "emergency_home", "watch.incident"),
            entry(_("Mutes"), "notifications_off", "watch.mute"),
            entry(_("Notices"), "campaign", "watch.notice"),
        ],
    },
    {
        "title": _("Fleet"),
        "items": [
            page(_("Fleet"), "dns", "fleet_board", "queues.supervisor"),
            entry(_("Workers"), "memory", "queues.worker"),
            entry(_("Supervisors"), "host", "queues.supervisor"),
            entry(_("Pauses"), "pause_circle", "queues.pause"),
            entry(_("Commands"), "terminal", "queues.fleetcommand"),
            entry(_("Events"), "notifications", "queues.fleetevent"),
        ],
    },
    {
        "title": _("Privacy"),
        "items": [
            line(_("Export or erase a person"), "person_remove", "person", may_erase_or_export),
            entry(_("Erasures"), "delete_forever", "privacy.erasure"),
            entry(_("Reads"), "visibility", "privacy.read"),
            entry(_("Deletions"), "auto_delete", "privacy.retentionrun"),
            entry(_("Audit"), "history", "console.deed"),
            entry(_("Attempts to log in"), "login", "console.loginattempt"),
        ],
    },
    {
        "title": _("Set-up"),
        "collapsible": True,
        "items": [
            entry(_("Companies"), "storefront", "calls.company"),
            entry(_("Branches"), "location_on", "calls.branch"),
            entry(_("Closed days"), "event_busy", "calls.closedday"),
            entry(_("Phone numbers"), "dialpad", "calls.phonenumber"),
            entry(_("Staff"), "badge", "calls.staff"),
            entry(_("Services"), "content_cut", "calls.service"),
            entry(_("Days to keep"), "hourglass_bottom", "privacy.retentionrule"),
            entry(_("Message texts"), "edit_note", "notifications.messagetemplate"),
            entry(_("API tokens"), "key", "api.apitoken"),
            line(_("Log-ins"), "manage_accounts", "logins", may_give_log_ins),
            entry(_("Users"), "manage_accounts", "auth.user"),
            entry(_("Groups"), "shield_person", "auth.group"),
        ],
    },
]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "AskPro",
    "SITE_HEADER": "AskPro",
    "SITE_SUBHEADER": _("Calls become appointments"),
    "SITE_URL": None,
    "SITE_ICON": logo,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": logo}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [theme, styles],
    "SCRIPTS": [access],
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": reverse_lazy("admin:language")},
    "ACCOUNT": {
        "navigation": [
            {"title": _("New password"), "link": reverse_lazy("admin:password_change")},
            {"title": _("Second factor"), "link": reverse_lazy("admin:second_factor")},
        ]
    },
    "COMMAND": {"show_history": False},
    "SIDEBAR": {"show_search": True, "command_search": True, "navigation": navigation},
}
