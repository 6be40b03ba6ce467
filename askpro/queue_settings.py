"""The queues and who works them. Data only; `manage.py check` reads it with the fix in the message."""

from typing import Any

# `promise`: how old, in seconds, the oldest ready job of a queue may get before somebody is told.
QUEUES: dict[str, dict[str, Any]] = {
    "critical": {"promise": 5},
    "high": {"promise": 10},
    "default": {"promise": 60},
    "webhooks": {"promise": 10},
    "notifications": {"promise": 30},
    "low": {"promise": 600},
}

# Rate limits by name: so many starts in so many seconds, over all hosts.
LIMITS: dict[str, tuple[int, float]] = {}

# Jobs by the clock (askpro/queues/schedule.py): cron in Europe/Berlin, whose job, and what becomes of missed ticks.
SCHEDULE: dict[str, dict[str, Any]] = {
    "calcom-sync": {"cron": "*/15 * * * *", "actor": "sync_all_calcom_data", "missed": "once"},
    "nightly-recount": {"cron": "30 3 * * *", "actor": "recount_all", "missed": "once"},
}

# Processes per pool; `threads` jobs run at once in each. Processes 0 takes the machine's CPU count.
ENVIRONMENTS: dict[str, dict[str, dict[str, Any]]] = {
    "production": {
        "critical": {"queues": ["critical"], "processes": 5},
        "high": {"queues": ["high"], "processes": 3, "nice": 5},
        "default": {"queues": ["default"], "processes": 10, "nice": 10},
        "webhooks": {"queues": ["webhooks"], "processes": 5, "nice": 5},
        "notifications": {"queues": ["notifications"], "processes": 5, "nice": 15},
        "low": {"queues": ["low"], "processes": 1, "nice": 19},
    },
    "local": {
        "urgent": {"queues": ["critical", "high"], "processes": 1, "threads": 4},
        "outside": {"queues": ["webhooks", "notifications"], "processes": 1, "threads": 4},
        "rest": {"queues": ["default", "low"], "processes": 1, "threads": 2},
    },
    "testing": {
        "all": {"queues": list(QUEUES), "processes": 2, "threads": 4},
    },
}
