"""What any process may know of the fleet and tell it: hosts, heartbeats, backlogs, pauses, commands, events, status.

Imports `ledger` and `models`.
"""
