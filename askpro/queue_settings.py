"""The queues and the pools that work them. Data only; `manage.py queues_check` reads it with the fix in the message.

All times in seconds, those of RETENTION in minutes, memory in megabytes. docs/operations.md explains every key.
"""

from typing import Any

DAY = 24 * 60

# `promise`: how old the oldest ready job of a queue may get. `tries`, `backoff` and `time_limit` are the defaults of
# its jobs; a run of more than `slow` seconds is kept with what took its time (without it: ten times the promise). That
# a job of an `urgent` queue died is critical.
QUEUES: dict[str, dict[str, Any]] = {
    "critical": {"promise": 5, "tries": 3, "urgent": True, "slow": 5},
    "high": {"promise": 10, "tries": 5, "slow": 10},
    "default": {"promise": 60, "slow": 30},
    "webhooks": {"promise": 10, "tries": 10, "slow": 10},
    "notifications": {"promise": 30, "tries": 3, "slow": 15},
    "low": {"promise": 600, "slow": 120},
}

# Rate limits by name: a number of starts in a number of seconds, over all hosts. Of Cal.com's webhooks each company has
# as many as here, so that a flood from one calendar keeps nobody else waiting.
LIMITS: dict[str, tuple[int, float]] = {"calcom-webhooks": (600, 60.0)}

# Finished jobs with one of these tags are left out of the console's list, like those of actors with `silenced=True`.
# An entry is a whole tag, or its beginning with a star ("sync:*"). Failed jobs are always listed.
SILENCED_TAGS: tuple[str, ...] = ()

# How many minutes what is over is kept; None: for ever. `queues` and `actors` say otherwise for some jobs.
RETENTION: dict[str, Any] = {
    "completed": 30 * DAY,
    "failed": 180 * DAY,
    "archived": 1095 * DAY,
    "monitored": 180 * DAY,
    "pending": 30 * DAY,
    "recent": 90 * DAY,
    "ticks": 7 * DAY,
    "figures_by_minute": 2 * DAY,
    "figures_by_hour": 60 * DAY,
    "figures_by_day": 400 * DAY,
    "insight": 30 * DAY,
    "effects": None,
    "queues": {},
    # Canaries: one a minute and queue, of which nobody reads yesterday's.
    "actors": {f"canary_{queue}": {"completed": DAY, "failed": 7 * DAY} for queue in QUEUES},
}

# Jobs with one of these tags are kept for `monitored` minutes, where that is longer. Written like SILENCED_TAGS.
MONITORED_TAGS: tuple[str, ...] = ()

# Scheduled jobs (askpro/queues/chores/schedule.py): cron in Europe/Berlin, the actor, and what to do with missed ticks.
SCHEDULE: dict[str, dict[str, Any]] = {
    "calcom-sync": {"cron": "*/15 * * * *", "actor": "sync_all_calcom_data", "missed": "once"},
    "reminders": {"cron": "*/5 * * * *", "actor": "send_due_reminders", "tick_as": "now", "missed": "once"},
    "retell-sync": {"cron": "*/5 * * * *", "actor": "sync_all_retell_calls", "missed": "once"},
    "retell-nightly": {
        "cron": "45 3 * * *",
        "actor": "sync_all_retell_calls",
        "kwargs": {"days": 3},
        "missed": "once",
    },
    "arrivals": {"cron": "*/5 * * * *", "actor": "count_arrivals", "tick_as": "now", "missed": "once"},
    "follow-up-deadlines": {
        "cron": "* * * * *",
        "actor": "escalate_follow_ups",
        "tick_as": "now",
        "missed": "once",
    },
    "retention": {"cron": "15 2 * * *", "actor": "start_retention", "missed": "once"},
    "reports": {"cron": "* * * * *", "actor": "send_due_reports", "tick_as": "now", "missed": "once"},
    "nightly-recount": {"cron": "30 3 * * *", "actor": "recount_all", "missed": "once"},
    # Each proves that its queue lets jobs through (askpro/health); one that is late proves nothing.
    **{
        f"canary-{queue}": {"cron": "* * * * *", "actor": f"canary_{queue}", "tick_as": "sent", "missed": "skip"}
        for queue in QUEUES
    },
}

# Defaults of the pool of this name, in every environment that runs it.
DEFAULTS: dict[str, dict[str, Any]] = {
    "critical": {"queues": ["critical"], "memory": 128, "time_limit": 60},
    "high": {"queues": ["high"], "nice": 5, "memory": 256, "time_limit": 300},
    "default": {"queues": ["default"], "nice": 10, "memory": 512, "time_limit": 600},
    "webhooks": {"queues": ["webhooks"], "nice": 5, "memory": 256, "time_limit": 60},
    "notifications": {"queues": ["notifications"], "nice": 15, "memory": 128, "time_limit": 60},
    "low": {"queues": ["low"], "nice": 19, "memory": 512, "time_limit": 600},
}

# Between `min_processes` and `max_processes` the supervisor balances; `processes` is a fixed number.
ENVIRONMENTS: dict[str, dict[str, dict[str, Any]]] = {
    "production": {
        "critical": {"min_processes": 5, "max_processes": 20, "max_shift": 5},
        "high": {"min_processes": 3, "max_processes": 15},
        "default": {"processes": 10},
        "webhooks": {"min_processes": 5, "max_processes": 25, "max_shift": 2},
        "notifications": {"processes": 5},
        "low": {"min_processes": 1, "max_processes": 2},
    },
    # Each pool in pods of its own, with so many processes in each. How many pods there are is decided outside
    # (deploy/kubernetes), so nothing is balanced here.
    "kubernetes": {
        "critical": {"processes": 4},
        "high": {"processes": 3},
        "default": {"processes": 5},
        "webhooks": {"processes": 4},
        "notifications": {"processes": 4},
        "low": {"processes": 1},
    },
    "local": {
        "urgent": {"queues": ["critical", "high"], "processes": 1, "threads": 4, "time_limit": 300},
        "outside": {"queues": ["webhooks", "notifications"], "processes": 1, "threads": 4},
        "rest": {"queues": ["default", "low"], "processes": 1, "threads": 2, "time_limit": 600},
    },
    "testing": {
        "all": {"queues": list(QUEUES), "processes": 2, "threads": 4, "time_limit": 600},
    },
}
