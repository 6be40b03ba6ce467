"""The forker: starts, watches and replaces the workers and the chores process.

Imports `chores`, `worker` and `processes`; only commands import it.
"""
