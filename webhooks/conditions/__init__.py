"""What the watcher looks for in what comes in, and in what the vendors say. It may ask about the rows of all apps."""

from webhooks.conditions import arrivals as arrivals
from webhooks.conditions import vendors as vendors
