"""Two layers: `door`, above all apps, takes requests in; `models` and `inbox`, below all apps, keep the stored events.

Also above all apps: the console's pages, the command, and the job and the listener that react to a change of phone
numbers.
"""
