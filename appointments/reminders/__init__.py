"""Reminders: `planning` keeps the due rows true after each change, `due` sends those whose time has come.

No reminder is a delayed job: what is due is looked for, so that a change, an outage or a lost job leaves nothing wrong.
"""
